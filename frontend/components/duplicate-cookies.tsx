"use client";

import type { ReactElement } from "react";
import { Refusal } from "@/components/refusal";

/** For when another program on this host has set a cookie with a name of ours: signing in does not help then. */
export function DuplicateCookies({ actions }: { actions: ReactElement }) {
  const { hostname } = window.location;
  const neighbour = otherLoopback(window.location);
  return (
    <Refusal title="Another program’s cookie is in the way" actions={actions}>
      <p>
        {`Another program on ${hostname} has set a cookie with the same name as the one that keeps you signed in here. ` +
          "The server cannot tell which is right, so it accepts neither. What helps:"}
      </p>
      <ul className="flex list-disc flex-col gap-1.5 pl-5">
        <li>{`Delete the cookies of ${hostname} in the settings of your browser, and sign in again.`}</li>
        {neighbour ? (
          <li>
            <span>Or open this site as </span>
            <a
              href={neighbour}
              className="inline-block max-w-full font-medium wrap-anywhere text-accent underline underline-offset-4"
            >
              {new URL(neighbour).host}
            </a>
            , which has cookies of its own.
          </li>
        ) : (
          <li>Or ask whoever runs this site to give it a host name of its own.</li>
        )}
      </ul>
    </Refusal>
  );
}

/** This site under the other loopback name of this computer, which the server accepts too. */
function otherLoopback({ protocol, hostname, port, pathname, search, hash }: Location): string | undefined {
  const other = { localhost: "127.0.0.1", "127.0.0.1": "localhost" }[hostname];
  if (other === undefined || protocol !== "http:") return undefined;
  return `http://${other}${port && `:${port}`}${pathname}${search.replace(/&error=duplicate_cookies$/, "")}${hash}`;
}
