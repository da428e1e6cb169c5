import { CircleAlert, CircleCheck } from "lucide-react";
import type { AccountEvent } from "@/features/account/api";
import { eventText } from "@/features/account/event-text";
import { device } from "@/lib/device";
import { formatDateTime } from "@/lib/format";

export function EventList({ events }: { events: AccountEvent[] }) {
  return (
    // Down to the edge of the card: a long list fades out there, so that it does not end as if there were no more.
    <div className="relative -mb-5 after:pointer-events-none after:absolute after:inset-x-0 after:bottom-0 after:h-5 after:bg-linear-to-t after:from-surface sm:-mb-7 sm:after:h-7">
      <ol
        aria-label="Events"
        data-marker="lychgate-protected-marker:event-list"
        className="max-h-112 divide-y divide-line overflow-y-auto pb-5 sm:pb-7"
        // It scrolls, so the keyboard must reach it.
        tabIndex={0}
      >
        {events.map((event) => {
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
                <p className="text-sm wrap-others text-muted">
                  {[formatDateTime(event.at), event.ip, event.ip && device(event.userAgent).name]
                    .filter(Boolean)
                    .join(", ")}
                </p>
              </div>
            </li>
          );
        })}
      </ol>
    </div>
  );
}
