"use client";

import { useEffect, useRef, type ReactElement, type ReactNode } from "react";
import { Notice } from "@/components/notice";

interface RefusalProps {
  title: string;
  children: ReactNode;
  /** What the person can do about it. */
  actions: ReactElement;
}

/** Says why a page does not go on, and what to do. It is read out, and gets the focus. */
export function Refusal({ title, children, actions }: RefusalProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);

  return (
    <div role="alert" className="flex flex-col items-start gap-5">
      <Notice>
        <h2 ref={heading} tabIndex={-1} className="text-xl">
          {title}
        </h2>
        {children}
      </Notice>
      <div className="flex flex-wrap gap-3">{actions}</div>
    </div>
  );
}
