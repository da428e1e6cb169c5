"use client";

import { Button } from "@/components/button";
import { ApiError } from "@/lib/api/error";
import { useObstacle } from "@/lib/obstacle";

/** Says what could not be loaded, and why. */
export function LoadError({ error, onRetry }: { error: Error; onRetry: () => void }) {
  const obstacle = useObstacle();
  // A person who is signed out is being taken to the login page already, unless something is in the way.
  if (error instanceof ApiError && error.signedOut && !obstacle)
    return <p role="status">Taking you to the sign-in page…</p>;
  // A notice at the top of the page says why, and what to do.
  if (error instanceof ApiError && error.code === "duplicate_cookies") return null;
  return (
    <div role="alert" className="flex flex-col items-start gap-4">
      <p className="text-danger">{error instanceof ApiError ? error.text : "Something went wrong."}</p>
      <Button look="secondary" onClick={onRetry}>
        Try again
      </Button>
    </div>
  );
}
