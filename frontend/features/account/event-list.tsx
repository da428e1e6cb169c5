"use client";

import { CircleAlert, CircleCheck } from "lucide-react";
import { LoadError } from "@/components/load-error";
import { Skeleton } from "@/components/skeleton";
import { eventText, useEvents } from "@/features/account/events";
import { device } from "@/lib/device";
import { formatDateTime } from "@/lib/format";

export function EventList() {
  const events = useEvents();
  if (events.isPending) return <Skeleton label="Loading what happened…" lines={8} />;
  if (events.isError) return <LoadError error={events.error} onRetry={() => void events.refetch()} />;
  return (
    <ol
      aria-label="Events"
      data-marker="lychgate-protected-marker:event-list"
      className="max-h-112 divide-y divide-line overflow-y-auto"
      // It scrolls, so the keyboard must reach it.
      tabIndex={0}
    >
      {events.data.map((event) => {
        const failed = event.outcome === "failure";
        const Picture = failed ? CircleAlert : CircleCheck;
        return (
          <li key={event.id} className="flex gap-3 py-3 first:pt-0 last:pb-0">
            <Picture
              aria-hidden="true"
              className={`mt-0.5 size-5 shrink-0 ${failed ? "text-danger" : "text-accent"}`}
            />
            <div className="min-w-0">
              <p className="font-medium">{eventText(event)}</p>
              <p className="text-sm wrap-anywhere text-muted">
                {[formatDateTime(event.at), event.ip, event.ip && device(event.userAgent).name]
                  .filter(Boolean)
                  .join(", ")}
              </p>
            </div>
          </li>
        );
      })}
    </ol>
  );
}
