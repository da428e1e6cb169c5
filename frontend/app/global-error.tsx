"use client";

import ErrorPage from "./error";
import "./globals.css";

/** In place of the whole document, when the root layout itself fails. */
export default function GlobalError() {
  return (
    <html lang="en">
      <body className="flex min-h-dvh flex-col bg-canvas text-ink antialiased">
        <title>Something went wrong – Lychgate</title>
        <ErrorPage />
      </body>
    </html>
  );
}
