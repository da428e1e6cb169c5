import { Main } from "@/components/main";
import { SiteFooter } from "@/components/site-footer";
import { SiteHeader } from "@/components/site-header";
import { ThemeToggle } from "@/components/theme-toggle";
import { AccountLink, StartLinks } from "@/features/auth/account-link";
import { HowItWorks } from "@/features/landing/how-it-works";
import { MakeItYours } from "@/features/landing/make-it-yours";
import { Promises } from "@/features/landing/promises";
import { Welcome } from "@/features/landing/welcome";

export default function LandingPage() {
  return (
    <>
      <SiteHeader>
        <AccountLink />
        <ThemeToggle />
      </SiteHeader>
      <Main className="mx-auto flex max-w-6xl flex-col gap-20 px-5 pt-8 pb-24 sm:gap-28 sm:px-8 sm:pt-12">
        <Welcome start={<StartLinks />} />
        <HowItWorks />
        <Promises />
        <MakeItYours />
      </Main>
      <SiteFooter />
    </>
  );
}
