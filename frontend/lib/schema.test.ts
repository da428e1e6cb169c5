import { expect, test } from "vitest";
import { number, object, refine } from "@/lib/schema";

const schema = object({ priority: number("Enter a number.").check(refine(Number.isInteger, "Enter a whole number.")) });
const message = (typed: string) => schema.safeParse({ priority: typed }).error?.issues.map((issue) => issue.message);

test.each([
  ["3", 3],
  [" 3 ", 3],
  ["-1", -1],
  ["0", 0],
  ["4.0", 4],
])("%j typed into an input is a number", (typed, priority) => {
  expect(schema.parse({ priority: typed })).toEqual({ priority });
});

test.each(["", "  ", "three", "3 notes", "1,5", "Infinity", "1e999"])("%j is not a number", (typed) => {
  expect(message(typed)).toEqual(["Enter a number."]);
});

test("a number can be checked further", () => {
  expect(message("1.5")).toEqual(["Enter a whole number."]);
});
