import { Fragment } from "react";

const steps = [
  {
    title: "Run it",
    text: "Clone it, build it, and open the address it prints.",
    code: "make run",
  },
  {
    title: "Add a page",
    text: "Every page below the dashboard is protected. There is nothing else to configure.",
    code: "app/dashboard/reports/page.tsx",
  },
  {
    title: "Add a route",
    text: "One line in one table says the path, who may call it, and which handler answers.",
    code: '"GET", "/api/reports", access.SignedIn',
  },
];

export function MakeItYours() {
  return (
    <section
      aria-labelledby="make-it-yours"
      className="flex flex-col gap-8 rounded-3xl bg-accent-soft px-5 py-8 sm:px-10 sm:py-12"
    >
      <div className="flex max-w-2xl flex-col gap-3">
        <h2 id="make-it-yours" className="text-3xl sm:text-4xl">
          Make it yours
        </h2>
        <p className="text-lg text-muted">
          This page is only an example: delete the folder frontend/features/landing, and a plain start page takes its
          place. Keep the gate, and put your own pages behind it.
        </p>
      </div>
      <ol className="grid gap-8 lg:grid-cols-3">
        {steps.map(({ title, text, code }, i) => (
          <li key={title} className="flex min-w-0 flex-col gap-3">
            <h3 className="text-xl">
              <span className="text-accent">{`${i + 1}.`}</span> <span>{title}</span>
            </h3>
            <p className="text-muted">{text}</p>
            <p className="mt-auto rounded-lg bg-canvas px-4 py-3 font-mono text-sm break-words">
              {code.split(/(?<=\/)/).map((part, n) => (
                <Fragment key={n}>
                  <span>{part}</span>
                  <wbr />
                </Fragment>
              ))}
            </p>
          </li>
        ))}
      </ol>
    </section>
  );
}
