import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { DEFAULT_NEXT, safeNext } from "@/lib/safenext";

interface Case {
  name: string;
  input: string;
  want: string;
}

const cases = JSON.parse(
  readFileSync(new URL("../../server/web/testdata/next.json", import.meta.url), "utf8"),
) as Case[];

describe("safeNext", () => {
  it("is tested on enough cases", () => {
    expect(cases.filter((c) => c.want === DEFAULT_NEXT && c.input !== DEFAULT_NEXT).length).toBeGreaterThanOrEqual(60);
    expect(cases.filter((c) => c.want === c.input).length).toBeGreaterThanOrEqual(11);
  });

  it.each(cases)("$name", ({ input, want }) => {
    const next = safeNext(input);
    expect(next).toBe(want);
    expect(new URL(next, "https://lychgate.example").origin).toBe("https://lychgate.example");
  });

  it("gives its own answers back unchanged", () => {
    for (const { want } of cases) expect(safeNext(want)).toBe(want);
  });

  it("goes to the dashboard when nothing is asked for", () => {
    expect(safeNext(null)).toBe("/dashboard");
  });
});
