import { DoorClosed, KeyRound, ListX, Package, RefreshCcw, ShieldCheck, type LucideIcon } from "lucide-react";

const promises: { title: string; text: string; icon: LucideIcon }[] = [
  {
    title: "One file to run",
    text: "Site, API, sign-in and database come in a single binary, on one origin. Start it, and it works.",
    icon: Package,
  },
  {
    title: "Nothing slips past",
    text: "Pages, the router’s payloads and the chunks that only they load are all protected.",
    icon: DoorClosed,
  },
  {
    title: "Sessions you can end",
    text: "Every sign-in is listed. End one from anywhere, and its tokens are refused on the very next request.",
    icon: ListX,
  },
  {
    title: "Refresh without races",
    text: "Sixteen tabs can refresh at once and get the same answer. Replaying a stolen token ends its session.",
    icon: RefreshCcw,
  },
  {
    title: "The strictest policy",
    text: "No inline script without its hash, no eval, Trusted Types on every page, cookies no script can read.",
    icon: ShieldCheck,
  },
  {
    title: "Open to your backends",
    text: "Access tokens are signed with ES256, and other services find the public keys at a well-known URL.",
    icon: KeyRound,
  },
];

export function Promises() {
  return (
    <section aria-labelledby="promises" className="flex flex-col gap-8">
      <h2 id="promises" className="text-3xl sm:text-4xl">
        What it takes care of
      </h2>
      <ul className="grid gap-x-10 gap-y-9 sm:grid-cols-2 lg:grid-cols-3">
        {promises.map(({ title, text, icon: Icon }) => (
          <li key={title} className="flex gap-4">
            <Icon aria-hidden="true" className="mt-0.5 size-6 shrink-0 text-accent" />
            <div className="flex flex-col gap-1.5">
              <h3 className="text-lg">{title}</h3>
              <p className="text-muted">{text}</p>
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}
