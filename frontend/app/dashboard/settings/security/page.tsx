import type { Metadata } from "next";
import { AccountPage } from "@/features/account/account-page";
import { EventsCard } from "@/features/account/events-card";
import { PasswordCard } from "@/features/account/password-card";
import { SessionsCard } from "@/features/account/sessions-card";

export const metadata: Metadata = {
  title: "Security",
  description: "Where you are signed in, your password, and recent activity.",
};

export default function SecurityPage() {
  return (
    <AccountPage title="Security">
      <SessionsCard />
      <div className="grid items-start gap-6 lg:grid-cols-2">
        <PasswordCard />
        <EventsCard />
      </div>
    </AccountPage>
  );
}
