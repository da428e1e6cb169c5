"use client";

import Link from "next/link";
import { usePathname } from "next/navigation";

const places = [
  { href: "/dashboard", text: "Dashboard" },
  { href: "/dashboard/settings", text: "Settings" },
  { href: "/dashboard/settings/security", text: "Security" },
];

export function AccountNav() {
  const here = usePathname();
  return (
    <nav aria-label="Account" className="max-sm:order-last max-sm:basis-full">
      <ul className="flex flex-wrap gap-x-1 max-sm:-mx-3">
        {places.map(({ href, text }) => (
          <li key={href}>
            <Link
              href={href}
              aria-current={href === here ? "page" : undefined}
              className="inline-flex min-h-11 items-center rounded-lg px-3 font-semibold text-muted hover:bg-sunken hover:text-ink aria-[current=page]:text-accent"
            >
              {text}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}
