// @vitest-environment jsdom
import { afterEach, beforeEach, expect, it, vi } from "vitest";

let onLook: (listener: () => void) => () => void;
const listener = vi.fn();
let stop: () => void;

beforeEach(async () => {
  vi.useFakeTimers();
  vi.resetModules();
  ({ onLook } = await import("@/lib/looks"));
  listener.mockReset();
  stop = onLook(listener);
});

afterEach(() => {
  stop();
  vi.useRealTimers();
});

it("calls once for a look, whatever events it causes", () => {
  document.dispatchEvent(new Event("visibilitychange"));
  for (const event of ["focus", "online"]) window.dispatchEvent(new Event(event));
  vi.advanceTimersByTime(60_000);
  expect(listener).toHaveBeenCalledOnce();
});

it.each(["focus", "online"])("takes %s for a look", (event) => {
  window.dispatchEvent(new Event(event));
  vi.advanceTimersByTime(100);
  expect(listener).toHaveBeenCalledOnce();
});

it("loses no look, and calls no more than once in two seconds", () => {
  for (let look = 0; look < 100; look++) {
    window.dispatchEvent(new Event("focus"));
    vi.advanceTimersByTime(100);
  }
  expect(listener.mock.calls.length).toBeLessThanOrEqual(6);
  window.dispatchEvent(new Event("focus"));
  listener.mockReset();
  vi.advanceTimersByTime(2_000);
  expect(listener).toHaveBeenCalledOnce();
});

it("does not call while the page is hidden, nor after it was stopped", () => {
  const visibility = vi.spyOn(document, "visibilityState", "get").mockReturnValue("hidden");
  document.dispatchEvent(new Event("visibilitychange"));
  vi.advanceTimersByTime(5_000);
  visibility.mockRestore();
  stop();
  window.dispatchEvent(new Event("focus"));
  vi.advanceTimersByTime(5_000);
  expect(listener).not.toHaveBeenCalled();
});
