"use client";

import { Button } from "@/components/button";
import { Refusal } from "@/components/refusal";
import { reloadPage } from "@/lib/navigation";

/** In place of a form whose sign-in the browser forgot at once: why that is, and what to do. */
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
      <p>This page came over plain http, where browsers refuse cookies that are kept safe. What helps:</p>
      <ul className="flex list-disc flex-col gap-1.5 pl-5">
        <li>
          Open <span className="font-medium break-all">{`https://${host}`}</span> instead, if this site has https.
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
