"use client";

import { useMethods } from "@/lib/methods";

/** Whom to ask for help, as the operator has set it. It stands in the middle of a sentence. */
export function Support() {
  const support = useMethods().data?.support;
  return <span>{support ? <Contact support={support} /> : <span>whoever runs this site</span>}</span>;
}

function Contact({ support }: { support: string }) {
  if (support.includes("://") && !URL.canParse(support)) return <span className="wrap-anywhere">{support}</span>;
  const page = support.includes("://") ? new URL(support) : undefined;
  return (
    <a
      href={page ? page.href : `mailto:${encodeURIComponent(support).replace("%40", "@")}`}
      className="font-medium wrap-anywhere text-accent underline underline-offset-4"
    >
      {page ? page.host : support}
    </a>
  );
}
