import Link from "next/link";

const places = [
  { href: "/dashboard", text: "Dashboard" },
  { href: "/dashboard/settings", text: "Settings" },
];

export function AccountNav() {
  return (
    <nav aria-label="Account" className="max-sm:order-last max-sm:basis-full">
      <ul className="flex gap-6">
        {places.map(({ href, text }) => (
          <li key={href}>
            <Link
              href={href}
              className="inline-flex min-h-11 items-center font-medium underline-offset-4 hover:underline"
            >
              {text}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}
