import type { Metadata } from "next";
import { Main } from "@/components/main";
import { EventsCard } from "@/features/account/events-card";
import { PasswordCard } from "@/features/account/password-card";
import { SessionsCard } from "@/features/account/sessions-card";

export const metadata: Metadata = {
  title: "Security",
  description: "Where you are signed in, your password, and what happened lately.",
};

export default function SecurityPage() {
  return (
    <Main
      marker="lychgate-protected-marker:security"
      className="mx-auto flex max-w-6xl flex-col gap-8 px-5 pt-6 pb-20 sm:px-8 sm:pt-10"
    >
      <h1 className="text-4xl sm:text-5xl">Security</h1>
      <SessionsCard />
      <div className="grid items-start gap-6 lg:grid-cols-2">
        <PasswordCard />
        <EventsCard />
      </div>
    </Main>
  );
}
