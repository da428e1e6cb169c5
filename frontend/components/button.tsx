import type { ButtonHTMLAttributes, ReactNode } from "react";
import { HardLink } from "@/components/hard-link";

const shape =
  "inline-flex min-h-11 items-center justify-center gap-2 rounded-lg px-5 text-base font-semibold transition-colors " +
  "disabled:cursor-not-allowed disabled:opacity-60 aria-disabled:cursor-progress";

const looks = {
  primary: `${shape} bg-accent text-on-accent hover:bg-accent-strong`,
  secondary: `${shape} border border-field bg-surface text-ink hover:border-ink`,
  quiet: `${shape} text-accent hover:bg-accent-soft`,
};

type Look = keyof typeof looks;

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  look?: Look;
}

export function Button({ look = "primary", type = "button", className = "", ...rest }: ButtonProps) {
  return <button type={type} className={`${looks[look]} ${className}`} {...rest} />;
}

interface ButtonLinkProps {
  href: string;
  look?: Look;
  className?: string;
  children: ReactNode;
}

/** A link that looks like a button, and loads a new document. */
export function ButtonLink({ href, look = "primary", className = "", children }: ButtonLinkProps) {
  return (
    <HardLink href={href} className={`${looks[look]} ${className}`}>
      {children}
    </HardLink>
  );
}
