import { useMutation } from "@tanstack/react-query";
import { useRef, useState, type FormEvent } from "react";
import type { FieldValues, Path, UseFormReturn } from "react-hook-form";
import { ApiError } from "@/lib/api/error";

/** Codes of the server that belong to one field, although the answer names none. */
type FieldOfCode<Values extends FieldValues> = Partial<Record<ApiError["code"], Path<Values>>>;

/** What went wrong with a form as a whole. */
export interface FormFailure {
  text: string;
  /** When to try again, if the server says so: milliseconds of `performance.now()`. */
  retryAt?: number | undefined;
}

/**
 * Sends a form. `submit` checks it and sends what the schema makes of it, and shows what the server refused under the
 * fields; further calls do nothing until the answer is there. `failure` is what else went wrong in the last attempt,
 * `busy` lasts from the first check to the answer, and `sent` says that the last attempt succeeded.
 */
export function useSubmit<Values extends FieldValues, Sent>(
  form: UseFormReturn<Values, unknown, Sent>,
  send: (values: Sent) => Promise<void>,
  fieldOfCode: FieldOfCode<Values> = {},
) {
  const [failure, setFailure] = useState<FormFailure>();
  const { mutateAsync, isSuccess, reset } = useMutation({
    mutationFn: send,
    onError: (error) => setFailure(showFaults(form, error, fieldOfCode)),
  });
  const check = form.handleSubmit(
    (values) =>
      mutateAsync(values).catch(() => {
        // onError has shown it.
      }),
    reset,
  );

  // A ref, because state would let the second click of a double click through.
  const underWay = useRef(false);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (underWay.current) return;
    underWay.current = true;
    setFailure(undefined);
    try {
      await check(event);
    } finally {
      underWay.current = false;
    }
  };
  return {
    submit: (event: FormEvent) => void submit(event),
    failure,
    busy: form.formState.isSubmitting,
    sent: isSuccess,
  };
}

/** Shows the faults of fields under them, and returns what concerns the form as a whole. */
function showFaults<Values extends FieldValues, Sent>(
  form: UseFormReturn<Values, unknown, Sent>,
  error: Error,
  fieldOfCode: FieldOfCode<Values>,
): FormFailure | undefined {
  if (!(error instanceof ApiError)) return { text: "Something went wrong. Reload the page and try again." };
  if (error.signedOut) return undefined; // The page is being left for the login page.

  const field = fieldOfCode[error.code];
  if (field) {
    form.setError(field, { message: error.text }, { shouldFocus: true });
    return undefined;
  }
  const faults = error.fields.map((fault) => ({ ...fault, path: fieldNamed(form, fault.field) }));
  // In reverse, so that the first faulty field has the focus in the end, and shows its first fault.
  for (const { path, detail } of faults.toReversed()) {
    if (path) form.setError(path, { message: detail }, { shouldFocus: true });
  }
  const elsewhere = faults.filter((fault) => !fault.path).map((fault) => fault.detail);
  if (faults.length === 0) {
    const retryAt = error.retryAfter === undefined ? undefined : performance.now() + error.retryAfter * 1000;
    return { text: error.text, retryAt };
  }
  return elsewhere.length > 0 ? { text: elsewhere.join(" ") } : undefined;
}

function fieldNamed<Values extends FieldValues, Sent>(
  form: UseFormReturn<Values, unknown, Sent>,
  name: string,
): Path<Values> | undefined {
  return name in form.getValues() ? (name as Path<Values>) : undefined;
}
