import { describe, expect, it } from "vitest";
import { passwordStrength } from "@/lib/password-strength";

describe("passwordStrength", () => {
  it.each([
    ["password", "Very easy to guess. It is one of the most common passwords. Add another word or two."],
    ["aaaaaaaaaaaa", "Very easy to guess. Repeated characters add little. Add another word or two."],
    [
      "abbabaabbaababbabaababbaabbabaabbaabab",
      "Very easy to guess. Repeated characters add little. Add another word or two.",
    ],
    ["ａaａaａaａaａ", "Very easy to guess. Repeated characters add little. Add another word or two."],
    ["ｐａｓｓｗｏｒｄ", "Very easy to guess. It is one of the most common passwords. Add another word or two."],
    ["ada.lovelace", "Very easy to guess. Your own name or address is easy to guess. Add another word or two."],
    ["quiet lantern over the mossy gate", "Very hard to guess."],
  ])("of %s: %s", (password, text) => {
    expect(passwordStrength(password, ["ada.lovelace", ""]).text).toBe(text);
  });

  it("grows with what is added", () => {
    const scores = ["gate", "gate moss", "gate moss lantern quiet"].map((typed) => passwordStrength(typed, []).score);
    expect(scores).toEqual(scores.toSorted());
    expect(scores[0]).toBeLessThan(scores[2]!);
  });

  it("does not keep the page busy with a very long one", () => {
    expect(passwordStrength("lantern ".repeat(32), []).score).toBeLessThanOrEqual(4);
  });
});
