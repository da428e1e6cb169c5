/** Holds the place of lines that are being loaded, so that nothing jumps when they come. `label` is read out. */
export function Skeleton({ label, lines }: { label: string; lines: number }) {
  return (
    <div role="status">
      <span className="sr-only">{label}</span>
      <div aria-hidden="true" className="flex animate-pulse flex-col gap-3 py-1">
        {Array.from({ length: lines }, (_, i) => (
          <div key={i} className="h-4 rounded bg-blank odd:w-2/5 even:w-4/5" />
        ))}
      </div>
    </div>
  );
}
