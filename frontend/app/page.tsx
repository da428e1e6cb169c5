import { SiteHeader } from "@/components/site-header";
import { AccountLink } from "@/features/auth/account-link";
import { LazyHowItWorks } from "@/features/landing/lazy-how-it-works";
import { Welcome } from "@/features/landing/welcome";

export default function LandingPage() {
  return (
    <>
      <SiteHeader>
        <AccountLink />
      </SiteHeader>
      <main className="mx-auto flex w-full max-w-4xl grow flex-col items-start gap-14 px-5 py-16 sm:py-24">
        <Welcome />
        <LazyHowItWorks />
      </main>
    </>
  );
}
