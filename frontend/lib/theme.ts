import { useSyncExternalStore } from "react";
import { THEME_KEY } from "@/lib/head-script";

export const themes = ["system", "light", "dark"] as const;
export type Theme = (typeof themes)[number];

const listeners = new Set<() => void>();

/** The chosen theme, the same in every tab, and how to choose another. */
export function useTheme(): [theme: Theme, choose: (theme: Theme) => void] {
  return [useSyncExternalStore(subscribe, chosenTheme, () => "system"), chooseTheme];
}

function chosenTheme(): Theme {
  try {
    const stored = localStorage.getItem(THEME_KEY);
    return stored === "light" || stored === "dark" ? stored : "system";
  } catch {
    return shownTheme(); // A browser that stores nothing still shows what was chosen on this page.
  }
}

function shownTheme(): Theme {
  const shown = document.documentElement.dataset.theme;
  return shown === "light" || shown === "dark" ? shown : "system";
}

function chooseTheme(theme: Theme): void {
  try {
    if (theme === "system") localStorage.removeItem(THEME_KEY);
    else localStorage.setItem(THEME_KEY, theme);
  } catch {
    // It cannot be stored: it holds for this page only.
  }
  showTheme(theme);
  listeners.forEach((listener) => listener());
}

/** Puts the theme on the document, where globals.css looks for it. */
function showTheme(theme: Theme): void {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

/** For a document without the head script, such as the page that replaces a broken one. */
export function showChosenTheme(): void {
  showTheme(chosenTheme());
}

function subscribe(listener: () => void): () => void {
  const onStorage = (event: StorageEvent) => {
    if (event.key !== null && event.key !== THEME_KEY) return;
    showChosenTheme();
    listener();
  };
  listeners.add(listener);
  window.addEventListener("storage", onStorage);
  return () => {
    listeners.delete(listener);
    window.removeEventListener("storage", onStorage);
  };
}

/** Turns dark into light and light into dark, whether the person or the system had chosen it. */
export function toggleTheme(): void {
  const system = window.matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  const shown = shownTheme() === "system" ? system : shownTheme();
  const wanted = shown === "dark" ? "light" : "dark";
  chooseTheme(wanted === system ? "system" : wanted);
}
