import type { Metadata } from "next";
import { AccountPage } from "@/features/account/account-page";
import { AppearanceCard } from "@/features/account/appearance-card";
import { ProfileCard } from "@/features/account/profile-card";

export const metadata: Metadata = { title: "Settings", description: "Your profile, and how it looks." };

export default function SettingsPage() {
  return (
    <AccountPage title="Settings">
      <div className="grid items-start gap-6 lg:grid-cols-2">
        <ProfileCard />
        <AppearanceCard />
      </div>
    </AccountPage>
  );
}
