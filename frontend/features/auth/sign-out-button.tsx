"use client";

import { useMutation } from "@tanstack/react-query";
import { LogOut } from "lucide-react";
import { Button } from "@/components/button";
import { logout } from "@/features/auth/api";
import { leave } from "@/lib/session";

export function SignOutButton() {
  const signOut = useMutation({ mutationFn: logout, onSuccess: leave });
  return (
    <>
      <Button
        look="quiet"
        className="-mr-3 px-3!"
        aria-disabled={signOut.isPending || signOut.isSuccess}
        onClick={() => {
          if (!signOut.isPending && !signOut.isSuccess) signOut.mutate();
        }}
      >
        <LogOut aria-hidden="true" className="size-5 max-[22.5rem]:hidden" />
        Sign out
      </Button>
      <p role="alert" className="order-last basis-full text-sm font-medium text-danger empty:sr-only sm:text-right">
        {signOut.isError && "You are still signed in: the server did not answer. Try again."}
      </p>
    </>
  );
}
