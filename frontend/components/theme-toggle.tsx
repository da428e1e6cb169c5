"use client";

import { Moon, Sun } from "lucide-react";
import { toggleTheme, useTheme } from "@/lib/theme";

/** Switches between light and dark. The style sheet picks the icon, because it knows the theme before React does. */
export function ThemeToggle() {
  useTheme(); // Follows the choice made in another tab.
  return (
    <button
      type="button"
      onClick={toggleTheme}
      className="grid size-11 place-items-center rounded-lg text-muted last:-mr-3 hover:bg-sunken hover:text-ink"
    >
      <span className="sr-only">Switch between light and dark</span>
      <Moon aria-hidden="true" className="size-5 dark:hidden" />
      <Sun aria-hidden="true" className="hidden size-5 dark:block" />
    </button>
  );
}
