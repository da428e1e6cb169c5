"use client";

import { useMutation } from "@tanstack/react-query";
import { LogOut } from "lucide-react";
import { Button } from "@/components/button";
import { api } from "@/lib/api/client";
import { leave } from "@/lib/session";

export function SignOutButton() {
  const logout = useMutation({ mutationFn: api.logout, onSuccess: leave });
  return (
    <>
      <Button
        look="quiet"
        className="-mr-3 px-3!"
        aria-disabled={logout.isPending || logout.isSuccess}
        onClick={() => {
          if (!logout.isPending && !logout.isSuccess) logout.mutate();
        }}
      >
        <LogOut aria-hidden="true" className="size-5 max-[22.5rem]:hidden" />
        Sign out
      </Button>
      <p role="alert" className="order-last basis-full text-right text-sm font-medium text-danger empty:sr-only">
        {logout.isError && "You are still signed in: the server did not answer. Try again."}
      </p>
    </>
  );
}
