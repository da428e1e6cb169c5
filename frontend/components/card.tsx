import { useId, type ReactElement, type ReactNode } from "react";

interface CardProps {
  title: string;
  /** Beside the title. */
  action?: ReactElement;
  marker?: string;
  className?: string;
  children: ReactNode;
}

/** A titled part of a page. */
export function Card({ title, action, marker, className = "", children }: CardProps) {
  const id = useId();
  return (
    <section
      data-marker={marker}
      aria-labelledby={id}
      className={`min-w-0 rounded-2xl border border-line bg-surface p-5 sm:p-7 ${className}`}
    >
      <div className="mb-5 flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
        <h2 id={id} className="text-xl">
          {title}
        </h2>
        {action}
      </div>
      {children}
    </section>
  );
}
