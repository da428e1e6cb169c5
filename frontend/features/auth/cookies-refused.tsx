"use client";

import { Button } from "@/components/button";
import { Refusal } from "@/components/refusal";
import { reloadPage } from "@/lib/navigation";

/** Shown in place of the form when the browser did not keep the session. */
export function CookiesRefused() {
  return (
    <Refusal title="Your browser did not keep you signed in" actions={<Button onClick={reloadPage}>Try again</Button>}>
      <p>E-mail and password are right, but the browser refused the cookies that hold the session.</p>
      {window.location.protocol === "https:" ? <BlockedCookies /> : <PlainHttp />}
    </Refusal>
  );
}

function BlockedCookies() {
  return <p>{`Allow cookies for ${window.location.host} in the settings of your browser, and sign in again.`}</p>;
}

function PlainHttp() {
  const { host } = window.location;
  return (
    <>
      <p>This page was loaded over plain http, where browsers refuse secure cookies. What helps:</p>
      <ul className="flex list-disc flex-col gap-1.5 pl-5">
        <li>
          Open <span className="font-medium break-all">{`https://${host}`}</span> instead, if this site supports https.
        </li>
        <li>On this computer itself, use Chrome, Edge or Firefox, and allow cookies.</li>
        <li>
          Whoever runs this site on a network they trust can start it with{" "}
          <code className="font-medium whitespace-nowrap">--insecure-cookies</code>.
        </li>
      </ul>
    </>
  );
}
