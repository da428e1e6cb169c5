import { useId, type InputHTMLAttributes, type ReactElement } from "react";
import type { UseFormRegisterReturn } from "react-hook-form";

export interface TextFieldProps extends Omit<InputHTMLAttributes<HTMLInputElement>, keyof UseFormRegisterReturn> {
  label: string;
  hint?: string | undefined;
  error: string | undefined;
  registration: UseFormRegisterReturn;
  /** Shown inside the field, at its end. */
  action?: ReactElement;
  /** Shown right below the input. */
  meter?: ReactElement;
}

/** A labelled input, with its error and its hint below it. */
export function TextField({
  label,
  hint,
  error,
  registration,
  action,
  meter,
  className = "",
  ...input
}: TextFieldProps) {
  const id = useId();
  const hintId = `${id}-hint`;
  const errorId = `${id}-error`;
  const describedBy = [hint && hintId, error && errorId].filter(Boolean).join(" ");

  return (
    <div className="flex flex-col gap-1.5">
      <label htmlFor={id} className="font-medium">
        {label}
      </label>
      <div className="relative">
        <input
          id={id}
          aria-invalid={error !== undefined}
          aria-describedby={describedBy || undefined}
          className={`min-h-12 w-full rounded-lg border border-field bg-surface px-3.5 text-base text-ink focus-visible:border-accent focus-visible:outline-offset-0 aria-invalid:border-danger aria-invalid:outline-danger ${className}`}
          {...input}
          {...registration}
        />
        {action}
      </div>
      {meter && <div className="flex flex-col gap-1.5">{meter}</div>}
      {error && (
        <p id={errorId} className="text-sm font-medium text-danger">
          {error}
        </p>
      )}
      {hint && (
        <p id={hintId} className="text-sm text-muted">
          {hint}
        </p>
      )}
    </div>
  );
}
