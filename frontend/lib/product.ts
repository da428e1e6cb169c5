/** What the pages say about the product, in one place. */
export const product = {
  name: "Lychgate",
  tagline: "A quiet gate before your pages",
  description:
    "One binary that carries your Next.js site, signs people in, and shows protected pages to nobody else: sessions you can end, pages guarded before any HTML is sent.",
  footer: {
    text: "Lychgate is free software under the MIT licence.",
    links: [
      { href: "/api/openapi.json", text: "API contract" },
      { href: "/.well-known/jwks.json", text: "Public keys" },
    ],
  },
};
