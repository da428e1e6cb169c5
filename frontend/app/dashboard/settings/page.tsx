import type { Metadata } from "next";
import { Settings } from "@/features/account/settings";

export const metadata: Metadata = { title: "Settings" };

export default function SettingsPage() {
  return (
    <main
      data-marker="lychgate-protected-marker:settings"
      className="mx-auto flex w-full max-w-4xl grow flex-col gap-8 px-5 py-12"
    >
      <h1 className="text-3xl font-semibold tracking-tight">Settings</h1>
      <Settings />
    </main>
  );
}
