"use client";

import { Menu } from "@base-ui/react/menu";
import { Check, ChevronDown, CircleUser } from "lucide-react";
import { useProfile } from "@/features/account/profile";
import { themeNames, themes, useTheme, type Theme } from "@/lib/theme";

const item =
  "flex min-h-11 cursor-pointer items-center gap-2.5 rounded-lg px-3 outline-none select-none data-highlighted:bg-accent-soft";

/** Who is signed in, and how the site looks to them. */
export function AccountMenu() {
  const profile = useProfile().data;
  const [theme, chooseTheme] = useTheme();
  return (
    // Not modal: locking the scroll bar away would make the page jump.
    <Menu.Root modal={false}>
      <Menu.Trigger className="flex min-h-11 items-center gap-1.5 rounded-lg px-3 font-semibold text-muted hover:bg-sunken hover:text-ink data-popup-open:bg-sunken">
        <CircleUser aria-hidden="true" className="size-5" />
        <span className="max-sm:sr-only">Account</span>
        <ChevronDown aria-hidden="true" className="size-4" />
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner sideOffset={6} align="end" className="z-40 outline-none">
          <Menu.Popup className="w-64 origin-(--transform-origin) rounded-xl border border-line bg-surface p-1.5 shadow-lg shadow-black/10 outline-none transition-[opacity,scale] duration-100 data-ending-style:scale-95 data-ending-style:opacity-0 data-starting-style:scale-95 data-starting-style:opacity-0">
            {profile && (
              <div className="border-b border-line px-3 pt-2 pb-3">
                {profile.name && <p className="font-semibold break-words">{profile.name}</p>}
                <p className="text-sm break-words text-muted">{profile.email}</p>
              </div>
            )}
            <Menu.RadioGroup value={theme} onValueChange={(value: Theme) => chooseTheme(value)} className="pt-1.5">
              <Menu.GroupLabel className="px-3 pt-1.5 pb-1 text-sm text-muted">Appearance</Menu.GroupLabel>
              {themes.map((name) => (
                <Menu.RadioItem key={name} value={name} className={item}>
                  <span className="flex-1">{themeNames[name]}</span>
                  <Menu.RadioItemIndicator>
                    <Check aria-hidden="true" className="size-5 text-accent" />
                  </Menu.RadioItemIndicator>
                </Menu.RadioItem>
              ))}
            </Menu.RadioGroup>
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}
