import { Button } from "@/components/button";
import { ApiError } from "@/lib/api/error";

/** In place of what could not be loaded. */
export function LoadError({ error, onRetry }: { error: Error; onRetry: () => void }) {
  // Whoever is signed out is on the way to the login page already.
  if (error instanceof ApiError && error.signedOut) return <p role="status">Taking you to the sign-in page…</p>;
  return (
    <div role="alert" className="flex flex-col items-start gap-4">
      <p className="text-danger">{error instanceof ApiError ? error.text : "Something went wrong."}</p>
      <Button look="secondary" onClick={onRetry}>
        Try again
      </Button>
    </div>
  );
}
