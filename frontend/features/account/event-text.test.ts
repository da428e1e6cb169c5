import { expect, it } from "vitest";
import { eventText } from "@/features/account/event-text";

it.each([
  ["login", "success", "Signed in"],
  ["login", "failure", "Failed sign-in"],
  ["refresh_replay", "failure", "A used session key was presented again; the session was ended"],
  ["two_steps_on", "success", "two steps on"],
  ["constructor", "failure", "constructor"],
] as const)("%s, a %s, reads %j", (event, outcome, text) => {
  expect(eventText({ event, outcome })).toBe(text);
});
