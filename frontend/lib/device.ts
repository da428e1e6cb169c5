import Bowser from "bowser";

export interface Device {
  /** Such as "Firefox 140 on Windows". */
  name: string;
  kind: "computer" | "phone" | "tablet" | "program";
}

/** What a user agent says it is. A client can claim anything, so this proves nothing. */
export function device(userAgent: string): Device {
  const { browser, os, platform } = Bowser.parse(userAgent || " ");
  if (!browser.name) return { name: userAgent.split(/[\s/]/, 1)[0] || "Unknown device", kind: "program" };
  const version = browser.version?.split(".", 1)[0];
  const name = [browser.name, version].filter(Boolean).join(" ") + (os.name ? ` on ${os.name}` : "");
  if (platform.type === "mobile") return { name, kind: "phone" };
  if (platform.type === "tablet") return { name, kind: "tablet" };
  return { name, kind: os.name ? "computer" : "program" };
}
