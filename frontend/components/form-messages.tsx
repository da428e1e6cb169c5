/** What went wrong with the whole form. The region is always there, so that its text is read out when it comes. */
export function FormAlert({ message }: { message: string | undefined }) {
  return (
    <p role="alert" className="rounded-lg border border-danger px-3.5 py-2.5 text-danger empty:sr-only">
      {message}
    </p>
  );
}

/** What went well; always there for the same reason. */
export function FormStatus({ message }: { message: string | undefined }) {
  return (
    <p role="status" className="text-muted empty:sr-only">
      {message}
    </p>
  );
}
