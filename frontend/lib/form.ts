import { useMutation } from "@tanstack/react-query";
import type { FieldValues, Path, UseFormReturn } from "react-hook-form";
import { ApiError } from "@/lib/api/error";

/** Codes of the server that are the fault of one field, although the answer names none. */
type FieldOfCode<Values extends FieldValues> = Partial<Record<ApiError["code"], Path<Values>>>;

/**
 * How a form is sent: `submit` checks it, sends it, and shows the server's faults under their fields, everything else
 * as the form's `root` error; `sent` says that the last attempt went well.
 */
export function useSubmit<Values extends FieldValues>(
  form: UseFormReturn<Values>,
  send: (values: Values) => Promise<void>,
  fieldOfCode: FieldOfCode<Values> = {},
) {
  const { mutateAsync, isSuccess, reset } = useMutation({
    mutationFn: send,
    onError: (error) => showFaults(form, error, fieldOfCode),
  });
  const submit = form.handleSubmit(
    (values) =>
      mutateAsync(values).catch(() => {
        // onError has shown it.
      }),
    reset,
  );
  return { submit, sent: isSuccess };
}

function showFaults<Values extends FieldValues>(
  form: UseFormReturn<Values>,
  error: Error,
  fieldOfCode: FieldOfCode<Values>,
): void {
  if (!(error instanceof ApiError)) {
    form.setError("root", { message: "Something went wrong. Reload the page and try again." });
    return;
  }
  if (error.signedOut) return; // The page is being left for the login page.

  const field = fieldOfCode[error.code];
  if (field) {
    form.setError(field, { message: error.text }, { shouldFocus: true });
    return;
  }
  const faults = error.fields.map((fault) => ({ ...fault, path: fieldNamed(form, fault.field) }));
  const elsewhere = faults.filter((fault) => !fault.path);
  if (faults.length === 0) form.setError("root", { message: error.text });
  if (elsewhere.length > 0) form.setError("root", { message: elsewhere.map((fault) => fault.detail).join(" ") });

  // In reverse, so that the first faulty field has the focus in the end, and its first fault is the one shown.
  for (const { path, detail } of faults.reverse()) {
    if (path) form.setError(path, { message: detail }, { shouldFocus: true });
  }
}

function fieldNamed<Values extends FieldValues>(form: UseFormReturn<Values>, name: string): Path<Values> | undefined {
  return name in form.getValues() ? (name as Path<Values>) : undefined;
}
