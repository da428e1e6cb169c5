/** The product's sign: a gate under its roof, and the lantern that hangs in it. */
export function Mark({ className = "size-8" }: { className?: string }) {
  return (
    <svg viewBox="0 0 32 32" aria-hidden="true" className={className}>
      <path className="fill-accent" d="M16 3 30 13.4v3.1L16 8.6 2 16.5v-3.1z" />
      <path
        className="fill-accent"
        d="M6 16h3.6v12H6zM22.4 16H26v12h-3.6zM9.6 16h12.8v2.6H9.6zM3.5 27h9v2.4h-9zM19.5 27h9v2.4h-9z"
      />
      <path className="fill-lantern" d="M16 19.6 19 22.7 16 27l-3-4.3z" />
    </svg>
  );
}
