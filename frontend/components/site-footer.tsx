import { HardLink } from "@/components/hard-link";
import { product } from "@/lib/product";

export function SiteFooter() {
  return (
    <footer className="mt-auto border-t border-line">
      <div className="mx-auto flex w-full max-w-6xl flex-wrap items-center justify-between gap-x-8 gap-y-1 px-5 py-5 text-sm text-muted sm:px-8">
        <p>{product.footer.text}</p>
        <ul className="flex gap-6">
          {product.footer.links.map(({ href, text }) => (
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
