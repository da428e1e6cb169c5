"use client";

import { ShieldAlert } from "lucide-react";
import Link from "next/link";
import { Button } from "@/components/button";
import { FormAlert } from "@/components/form-messages";
import { useEvents, useSeeEvents } from "@/features/account/events";
import { formatDateTime } from "@/lib/format";

/** Tells once, after the next sign-in, that somebody else may have had a session of the person. */
export function AlertNotice() {
  const alerts = useEvents().data?.filter((event) => event.alert) ?? [];
  const see = useSeeEvents();
  const newest = alerts[0];
  if (!newest) return null;

  const read = () => {
    if (see.isPending) return;
    // The button goes with the notice: the focus moves on to the page.
    see.mutate(newest.id, { onSuccess: () => document.getElementById("content")?.focus() });
  };
  return (
    <div className="mx-auto w-full max-w-6xl px-5 pt-4 sm:px-8">
      <div
        data-marker="lychgate-protected-marker:alert-notice"
        className="flex flex-wrap items-start gap-x-4 gap-y-3 rounded-2xl bg-danger-soft p-5"
      >
        <ShieldAlert aria-hidden="true" className="mt-0.5 size-6 shrink-0 text-danger" />
        <div role="alert" className="flex min-w-0 flex-1 basis-64 flex-col gap-1">
          <p className="font-semibold text-danger">Somebody else may have used one of your sessions</p>
          <p>An old key of a session was used again, so that session was ended:</p>
          <ul className="list-disc pl-5">
            {alerts.map((alert) => (
              <li key={alert.id}>{`${formatDateTime(alert.at)}, from ${alert.ip}`}</li>
            ))}
          </ul>
          <p>
            A lost connection can cause this too. If you are not sure,{" "}
            <Link href="/dashboard/settings/security" className="underline underline-offset-4">
              look at your sessions and change your password
            </Link>
            .
          </p>
        </div>
        <Button look="secondary" aria-disabled={see.isPending} onClick={read}>
          I have read this
        </Button>
        <FormAlert failure={see.isError ? { text: "That could not be noted. Try again." } : undefined} />
      </div>
    </div>
  );
}
