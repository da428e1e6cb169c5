import { HardLink } from "@/components/hard-link";

export function Welcome() {
  return (
    <div className="flex flex-col items-start gap-7">
      <h1 className="max-w-xl text-4xl font-semibold tracking-tight text-balance sm:text-5xl">
        A quiet gate before your pages
      </h1>
      <p className="max-w-xl text-lg text-muted">
        Make an account, sign in, and reach what is kept behind the gate. Nothing of it leaves the server for anybody
        else.
      </p>
      <div className="flex flex-wrap gap-3">
        <HardLink
          href="/register"
          className="inline-flex min-h-11 items-center rounded-lg bg-accent px-5 font-medium text-on-accent hover:bg-accent-strong"
        >
          Create an account
        </HardLink>
        <HardLink
          href="/login"
          className="inline-flex min-h-11 items-center rounded-lg border border-line bg-surface px-5 font-medium hover:border-muted"
        >
          Sign in
        </HardLink>
      </div>
    </div>
  );
}
