"use client";

import { Monitor, Moon, Sun, type LucideIcon } from "lucide-react";
import { Card } from "@/components/card";
import { themes, useTheme, type Theme } from "@/lib/theme";

const looks: Record<Theme, { text: string; icon: LucideIcon }> = {
  system: { text: "As the system", icon: Monitor },
  light: { text: "Light", icon: Sun },
  dark: { text: "Dark", icon: Moon },
};

export function AppearanceCard() {
  const [chosen, choose] = useTheme();
  return (
    <Card title="Appearance">
      {/* Native radio buttons bring all that a keyboard and a screen reader expect of a choice. */}
      <fieldset className="flex flex-col gap-3">
        <legend className="mb-3 text-muted">How this site looks in this browser.</legend>
        <div className="grid gap-3 md:grid-cols-3 lg:grid-cols-1">
          {themes.map((theme) => {
            const { text, icon: Icon } = looks[theme];
            return (
              <label
                key={theme}
                className="flex min-h-14 cursor-pointer items-center gap-3 rounded-xl border border-field px-4 font-medium hover:border-ink has-checked:border-accent has-checked:bg-accent-soft has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent"
              >
                <input
                  type="radio"
                  name="theme"
                  value={theme}
                  checked={chosen === theme}
                  onChange={() => choose(theme)}
                  className="size-4 shrink-0 accent-accent outline-none"
                />
                <Icon aria-hidden="true" className="size-5 shrink-0 text-muted" />
                <span>{text}</span>
              </label>
            );
          })}
        </div>
      </fieldset>
    </Card>
  );
}
