import { HardLink } from "@/components/hard-link";

const links = [
  { href: "/api/openapi.json", text: "API contract" },
  { href: "/.well-known/jwks.json", text: "Public keys" },
];

export function SiteFooter() {
  return (
    <footer className="mt-auto border-t border-line">
      <div className="mx-auto flex w-full max-w-6xl flex-wrap items-center justify-between gap-x-8 gap-y-1 px-5 py-5 text-sm text-muted sm:px-8">
        <p>Lychgate is free software under the MIT licence.</p>
        <ul className="flex gap-6">
          {links.map(({ href, text }) => (
            <li key={href}>
              <HardLink href={href} className="inline-flex min-h-11 items-center underline-offset-4 hover:underline">
                {text}
              </HardLink>
            </li>
          ))}
        </ul>
      </div>
    </footer>
  );
}
