import type { Metadata } from "next";
import { Main } from "@/components/main";
import { AccountCard } from "@/features/account/account-card";
import { Greeting } from "@/features/account/greeting";
import { SecurityCard } from "@/features/account/security-card";
import { SessionsCard } from "@/features/account/sessions-card";

export const metadata: Metadata = { title: "Dashboard", description: "Your account and your sessions at a glance." };

export default function DashboardPage() {
  return (
    <Main
      marker="lychgate-protected-marker:dashboard"
      className="mx-auto flex max-w-6xl flex-col gap-8 px-5 pt-6 pb-20 sm:px-8 sm:pt-10"
    >
      <Greeting />
      <div className="grid items-start gap-6 md:grid-cols-2">
        <AccountCard />
        <SecurityCard />
      </div>
      <SessionsCard />
    </Main>
  );
}
