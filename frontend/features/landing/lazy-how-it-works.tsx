"use client";

import dynamic from "next/dynamic";
import { useState } from "react";
import { Button } from "@/components/button";
import { useHydrated } from "@/lib/hydration";

const HowItWorks = dynamic(() => import("@/features/landing/how-it-works").then((module) => module.HowItWorks), {
  ssr: false,
  loading: () => <p role="status">Loading…</p>,
});

/** Loads the explanation when somebody asks for it. */
export function LazyHowItWorks() {
  const [open, setOpen] = useState(false);
  const hydrated = useHydrated();
  if (open) return <HowItWorks />;
  return (
    <Button look="secondary" disabled={!hydrated} onClick={() => setOpen(true)}>
      How it works
    </Button>
  );
}
