import { Main } from "@/components/main";
import { SiteFooter } from "@/components/site-footer";
import { SiteHeader } from "@/components/site-header";
import { ThemeToggle } from "@/components/theme-toggle";
import { AccountLink, StartLinks } from "@/features/auth/account-link";
import { StartPage } from "@/start-page";

export default function HomePage() {
  return (
    <>
      <SiteHeader>
        <AccountLink />
        <ThemeToggle />
      </SiteHeader>
      <Main className="mx-auto max-w-6xl px-5 pt-8 pb-24 sm:px-8 sm:pt-12">
        <StartPage links={<StartLinks />} />
      </Main>
      <SiteFooter />
    </>
  );
}
