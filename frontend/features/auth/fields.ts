import { minLength, refine, string } from "@/lib/schema";

/*
 * Only what spares a useless request. What an address or a password must look like is the server's to say: a second
 * opinion here would lock out addresses that the server takes.
 */

export const emailAddress = string().check(
  minLength(1, { error: "Enter your e-mail address.", abort: true }),
  // Some keyboards write it wide; the server takes that for the same.
  refine((typed) => typed.normalize("NFKC").includes("@"), { error: "An e-mail address has an @ in it." }),
);

export const password = string().check(minLength(1, "Enter your password."));
