import type { Metadata } from "next";
import { AccountCard } from "@/features/account/account-card";
import { AccountPage } from "@/features/account/account-page";
import { Greeting } from "@/features/account/greeting";
import { SecurityCard } from "@/features/account/security-card";
import { SessionsCard } from "@/features/account/sessions-card";

export const metadata: Metadata = { title: "Dashboard", description: "Your account and your sessions at a glance." };

export default function DashboardPage() {
  return (
    <AccountPage title="Dashboard" heading={Greeting}>
      <div className="grid items-start gap-6 md:grid-cols-2">
        <AccountCard />
        <SecurityCard />
      </div>
      <SessionsCard />
    </AccountPage>
  );
}
