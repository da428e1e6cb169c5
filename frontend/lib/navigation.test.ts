// @vitest-environment jsdom
import { beforeEach, describe, expect, it } from "vitest";
import { requestedNext } from "@/lib/navigation";

beforeEach(() => window.history.replaceState(null, "", "/login"));

describe("requestedNext", () => {
  it.each([
    ["/login", "/dashboard"],
    ["/login?next=%2Fdashboard%2Fsettings%3Ftab%3Da%252Fb", "/dashboard/settings?tab=a%2Fb"],
    ["/login?next=//evil.example", "/dashboard"],
    ["/login?next=/dashboard/settings&next=//evil.example", "/dashboard/settings"],
    ["/login?next=//evil.example&next=/dashboard/settings", "/dashboard"],
  ])("of %s is %s", (address, next) => {
    window.history.replaceState(null, "", address);
    expect(requestedNext()).toBe(next);
  });
});
