/** The first stop of the Tab key: past the header, to the main part that every page has (components/main.tsx). */
export function SkipLink() {
  return (
    <a
      href="#content"
      className="sr-only z-50 rounded-lg bg-accent font-semibold text-on-accent focus:not-sr-only focus:absolute focus:top-3 focus:left-3 focus:px-4 focus:py-3"
    >
      Skip to content
    </a>
  );
}
