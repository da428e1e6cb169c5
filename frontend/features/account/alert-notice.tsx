"use client";

import { ShieldAlert } from "lucide-react";
import Link from "next/link";
import { Button } from "@/components/button";
import { FormAlert } from "@/components/form-messages";
import { useEvents, useMarkEventsSeen } from "@/features/account/api";
import { formatDateTime } from "@/lib/format";

/** Warns, until the person has read it, that somebody else may have used one of their sessions. */
export function AlertNotice() {
  const alerts = useEvents().data?.filter((event) => event.alert) ?? [];
  const markSeen = useMarkEventsSeen();
  const newest = alerts[0];
  if (!newest) return null;

  const read = () => {
    if (markSeen.isPending) return;
    // The button goes away with the notice: the focus moves on to the page.
    markSeen.mutate(newest.id, { onSuccess: () => document.getElementById("content")?.focus() });
  };
  return (
    <div className="mx-auto w-full max-w-6xl px-5 pt-4 sm:px-8">
      <div
        data-marker="lychgate-protected-marker:alert-notice"
        className="flex flex-wrap items-start gap-x-4 gap-y-3 rounded-2xl bg-danger-soft p-5"
      >
        <ShieldAlert aria-hidden="true" className="mt-0.5 size-6 shrink-0 text-danger" />
        <div role="alert" className="flex min-w-0 flex-1 basis-48 flex-col gap-1">
          <p className="font-semibold text-danger">Somebody else may have used one of your sessions</p>
          <p>An old session key was used again, so its session was ended:</p>
          <ul className="list-disc pl-5 wrap-others">
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
        <Button look="secondary" aria-disabled={markSeen.isPending} onClick={read}>
          I have read this
        </Button>
        <FormAlert failure={markSeen.isError ? { text: "This could not be saved. Try again." } : undefined} />
      </div>
    </div>
  );
}
