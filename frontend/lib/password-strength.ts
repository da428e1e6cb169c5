import { ZxcvbnFactory } from "@zxcvbn-ts/core";
import { adjacencyGraphs, dictionary } from "@zxcvbn-ts/language-common";

/*
 * Heavy, because it carries lists of common passwords: only ever loaded with `import()`, once somebody types a new
 * password. It only advises. The server decides which passwords it refuses.
 */

const zxcvbn = new ZxcvbnFactory({ dictionary, graphs: adjacencyGraphs });

/** Longer passwords are strong, and checking them would keep the page busy. */
const CHECKED_LENGTH = 100;

const verdicts = [
  "Very easy to guess.",
  "Easy to guess.",
  "Could be guessed with some effort.",
  "Hard to guess.",
  "Very hard to guess.",
] as const;

const reasons: Record<string, string> = {
  straightRow: "Keys in a row are among the first things tried.",
  keyPattern: "Keyboard patterns are among the first things tried.",
  simpleRepeat: "Repeated characters add little.",
  extendedRepeat: "Repeated parts add little.",
  sequences: "Sequences such as abc or 654 add little.",
  recentYears: "Years are easy to guess.",
  dates: "Dates are easy to guess.",
  topTen: "It is one of the most common passwords.",
  topHundred: "It is one of the most common passwords.",
  common: "It is a common password.",
  similarToCommon: "It is similar to a common password.",
  wordByItself: "A single word is easy to guess.",
  userInputs: "Your own name or address is easy to guess.",
};

export interface Strength {
  /** 0, the weakest, to 4. */
  score: number;
  text: string;
}

/** Says how hard a password is to guess for somebody who knows the words in `personal`. */
export function passwordStrength(typed: string, personal: string[]): Strength {
  const password = typed.normalize("NFKC"); // As the server does before it looks for common passwords.
  const { score, feedback } = isRepetition(password)
    ? { score: 0 as const, feedback: { warning: "simpleRepeat" } }
    : zxcvbn.check(password.slice(0, CHECKED_LENGTH), personal.filter(Boolean));
  const advice = score < 3 ? [reasons[feedback.warning ?? ""], "Add another word or two."] : [];
  return { score, text: [verdicts[score], ...advice].filter(Boolean).join(" ") };
}

/** Whether it is made of one or two different characters, which the server refuses in any order. */
function isRepetition(password: string): boolean {
  return new Set(password.toLowerCase()).size <= 2;
}
