import { AppWindow, ArrowDown, ArrowRight, CornerDownRight, LayoutDashboard, type LucideIcon } from "lucide-react";
import { Fragment } from "react";
import { Mark } from "@/components/mark";

interface Stop {
  title: string;
  text: string;
  icon: LucideIcon | typeof Mark;
}

const stops: Stop[] = [
  {
    title: "The request",
    text: "A browser asks for /dashboard, its payload, or one of its scripts. Its cookie says who is asking.",
    icon: AppWindow,
  },
  {
    title: "The guard",
    text: "Before opening a file, the server checks which file it is, however the URL is spelled, and whether the session is valid.",
    icon: Mark,
  },
  {
    title: "The page",
    text: "Only then does it send HTML, data and code, and no cache in between keeps them.",
    icon: LayoutDashboard,
  },
];

export function HowItWorks() {
  return (
    <section aria-labelledby="how-it-works" className="flex flex-col gap-8">
      <div className="flex max-w-2xl flex-col gap-3">
        <h2 id="how-it-works" className="text-3xl sm:text-4xl">
          How it works
        </h2>
        <p className="text-lg text-muted">
          A static export runs no middleware, so whoever serves the files has to be the guard. Here that is one Go
          program, with the site inside.
        </p>
      </div>

      <div className="rounded-3xl border border-line bg-surface p-5 sm:p-8">
        <ol className="flex flex-col items-stretch gap-4 lg:flex-row lg:gap-5">
          {stops.map(({ title, text, icon: Icon }, i) => (
            <Fragment key={title}>
              {i > 0 && (
                <li aria-hidden="true" className="self-center text-accent">
                  <ArrowRight className="size-7 max-lg:hidden" />
                  <ArrowDown className="size-7 lg:hidden" />
                </li>
              )}
              <li className="flex flex-1 flex-col gap-3 rounded-2xl bg-sunken p-5">
                <Icon aria-hidden="true" className="size-8 text-accent" />
                <h3 className="text-xl">{title}</h3>
                <p className="text-muted">{text}</p>
              </li>
            </Fragment>
          ))}
        </ol>
        <p className="mt-4 flex gap-3 rounded-2xl border border-dashed border-field p-5 lg:mx-auto lg:mt-6 lg:max-w-xl">
          <CornerDownRight aria-hidden="true" className="size-6 shrink-0 text-accent" />
          <span>
            Nobody signed in? A person is led to <code className="text-[0.95em] font-medium">/login</code> and, after
            signing in, back to where they wanted to go. Everything else gets a plain 401, and not one byte of the page.
          </span>
        </p>
      </div>
    </section>
  );
}
