"use client";

import { useProfile } from "@/features/account/api";

/** One line high before and after the name is known, unless the name is long. */
export function Greeting() {
  const name = useProfile().data?.name;
  return <h1 className="text-4xl wrap-others sm:text-5xl">{name ? `Hello, ${name}` : "Hello"}</h1>;
}
