import { minLength, refine, string } from "@/lib/schema";

/*
 * These only spare a useless request. The server decides what an address or a password must look like: a stricter rule
 * here would refuse addresses that the server accepts.
 */

export const emailAddress = string().check(
  minLength(1, { error: "Enter your e-mail address.", abort: true }),
  // Some keyboards type a full-width @, which the server accepts too.
  refine((typed) => typed.normalize("NFKC").includes("@"), { error: "An e-mail address has an @ in it." }),
);

export const password = string().check(minLength(1, "Enter your password."));
