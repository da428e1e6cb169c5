import type { ComponentType, ReactNode } from "react";
import { LoadFailures } from "@/components/load-failures";
import { Main } from "@/components/main";

interface AccountPageProps {
  title: string;
  /** Shown in place of the title. */
  heading?: ComponentType<{ title: string }>;
  children: ReactNode;
}

/**
 * The frame of a page of an account. Each page has a marker, made of its title: the tests ask for every file without
 * signing in, and must not find one. It renders on the server, so that the HTML and the payload hold the whole marker.
 */
export function AccountPage({ title, heading: Heading = Title, children }: AccountPageProps) {
  return (
    <Main
      marker={`lychgate-protected-marker:${title.toLowerCase()}`}
      className="mx-auto flex max-w-6xl flex-col gap-6 px-5 pt-6 pb-20 sm:px-8 sm:pt-10"
    >
      <div className="pb-2">
        <Heading title={title} />
      </div>
      <LoadFailures>{children}</LoadFailures>
    </Main>
  );
}

function Title({ title }: { title: string }) {
  return <h1 className="text-4xl sm:text-5xl">{title}</h1>;
}
