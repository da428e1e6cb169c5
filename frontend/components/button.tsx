import type { ButtonHTMLAttributes } from "react";

const shape =
  "inline-flex min-h-11 items-center justify-center rounded-lg px-5 text-base font-medium transition-colors " +
  "focus-visible:outline-2 focus-visible:outline-offset-2 focus-visible:outline-accent " +
  "disabled:cursor-not-allowed disabled:opacity-55";

const looks = {
  primary: `${shape} bg-accent text-on-accent enabled:hover:bg-accent-strong`,
  secondary: `${shape} border border-line bg-surface text-ink enabled:hover:border-muted`,
};

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  look?: keyof typeof looks;
}

export function Button({ look = "primary", type = "button", className = "", ...rest }: ButtonProps) {
  return <button type={type} className={`${looks[look]} ${className}`} {...rest} />;
}
