"use client";

import { useMutation } from "@tanstack/react-query";
import { Button } from "@/components/button";
import { api } from "@/lib/api/client";
import { leaveSignedOut } from "@/lib/navigation";

export function SignOutButton() {
  const logout = useMutation({ mutationFn: api.logout, onSuccess: leaveSignedOut });
  return (
    <div className="flex items-center gap-3">
      {logout.isError && (
        <p role="alert" className="text-sm text-danger">
          You are still signed in. Try again.
        </p>
      )}
      <Button look="secondary" disabled={logout.isPending || logout.isSuccess} onClick={() => logout.mutate()}>
        Sign out
      </Button>
    </div>
  );
}
