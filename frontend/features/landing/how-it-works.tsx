const steps = [
  { title: "One program", text: "The site, the API and the sign-in come from a single binary, on one origin." },
  {
    title: "A closed gate",
    text: "Pages behind the gate, their data and their code are sent to people who are signed in, and to nobody else.",
  },
  {
    title: "Sessions you can see",
    text: "Every sign-in is listed, and each can be ended from anywhere, at once.",
  },
];

export function HowItWorks() {
  return (
    <section data-marker="lychgate-public-marker:how-it-works" aria-label="How it works">
      <ol className="grid gap-8 sm:grid-cols-3">
        {steps.map(({ title, text }) => (
          <li key={title}>
            <h2 className="mb-2 text-lg font-semibold">{title}</h2>
            <p className="text-muted">{text}</p>
          </li>
        ))}
      </ol>
    </section>
  );
}
