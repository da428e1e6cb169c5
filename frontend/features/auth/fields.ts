import { includes, minLength, string } from "@/lib/schema";

/*
 * Only what spares a useless request. What an address or a password must look like is the server's to say: a second
 * opinion here would lock out addresses that the server takes.
 */

export const emailAddress = string().check(
  minLength(1, { error: "Enter your e-mail address.", abort: true }),
  includes("@", { error: "An e-mail address has an @ in it." }),
);

export const password = string().check(minLength(1, "Enter your password."));
