import type { Metadata } from "next";
import { Main } from "@/components/main";
import { Settings } from "@/features/account/settings";

export const metadata: Metadata = { title: "Settings", description: "Your profile, and how it looks." };

export default function SettingsPage() {
  return (
    <Main
      marker="lychgate-protected-marker:settings"
      className="mx-auto flex max-w-6xl flex-col gap-8 px-5 pt-6 pb-20 sm:px-8 sm:pt-10"
    >
      <h1 className="text-4xl sm:text-5xl">Settings</h1>
      <Settings />
    </Main>
  );
}
