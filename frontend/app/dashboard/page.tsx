import type { Metadata } from "next";
import { AccountOverview } from "@/features/account/account-overview";
import { LazySessionList } from "@/features/account/lazy-session-list";

export const metadata: Metadata = { title: "Dashboard" };

export default function DashboardPage() {
  return (
    <main
      data-marker="lychgate-protected-marker:dashboard"
      className="mx-auto flex w-full max-w-4xl grow flex-col gap-8 px-5 py-12"
    >
      <AccountOverview />
      <LazySessionList />
    </main>
  );
}
