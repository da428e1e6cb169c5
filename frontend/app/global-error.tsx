"use client";

import { useLayoutEffect } from "react";
import { product } from "@/lib/product";
import { showChosenTheme } from "@/lib/theme";
import ErrorPage from "./error";
import { fontVariables } from "./fonts";
import "./globals.css";

/** Replaces the whole document when the root layout itself fails. */
export default function GlobalError({ error }: { error: Error }) {
  useLayoutEffect(showChosenTheme, []);
  return (
    <html lang="en" className={fontVariables} suppressHydrationWarning>
      <body className="flex min-h-dvh flex-col bg-canvas font-sans text-ink antialiased">
        <title>{`Something went wrong – ${product.name}`}</title>
        <ErrorPage error={error} />
      </body>
    </html>
  );
}
