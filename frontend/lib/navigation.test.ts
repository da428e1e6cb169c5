// @vitest-environment jsdom
import { beforeEach, describe, expect, it } from "vitest";
import { loginForHere, requestedNext, withSameNext } from "@/lib/navigation";

beforeEach(() => window.history.replaceState(null, "", "/login"));

describe("requestedNext", () => {
  it.each([
    ["/login", "/dashboard"],
    ["/login?next=%2Fdashboard%2Fsettings%3Ftab%3Da%252Fb", "/dashboard/settings?tab=a%2Fb"],
    ["/login?next=//evil.example", "/dashboard"],
    ["/login?next=/dashboard/settings&next=//evil.example", "/dashboard/settings"],
    ["/login?next=//evil.example&next=/dashboard/settings", "/dashboard"],
    ["/login?next=%2Fdashboard%2Fsettings#security", "/dashboard/settings#security"],
    ["/login?next=%2Fdashboard%2Fsettings%23security", "/dashboard"],
    ["/login#//evil.example", "/dashboard#//evil.example"],
    ["/login?next=//evil.example#@evil.example", "/dashboard#@evil.example"],
    ["/login?next=%2Fdashboard%2Fsettings#content", "/dashboard/settings"],
    ["/login#", "/dashboard"],
  ])("of %s is %s", (address, next) => {
    window.history.replaceState(null, "", address);
    expect(requestedNext()).toBe(next);
    expect(new URL(next, "https://lychgate.example").origin).toBe("https://lychgate.example");
  });
});

describe("withSameNext", () => {
  it.each([
    ["/login", "/register"],
    ["/login?next=%2Fdashboard", "/register"],
    [
      "/login?next=%2Fdashboard%2Fsettings%3Fa%3D1#security/#2",
      "/register?next=%2Fdashboard%2Fsettings%3Fa%3D1#security/#2",
    ],
    ["/login?next=//evil.example&error=duplicate_cookies", "/register"],
  ])("of %s is %s", (address, other) => {
    window.history.replaceState(null, "", address);
    expect(withSameNext("/register")).toBe(other);
  });
});

describe("loginForHere", () => {
  it.each([
    ["/dashboard", "/login?next=%2Fdashboard"],
    ["/dashboard/settings?tab=a%2Fb#security", "/login?next=%2Fdashboard%2Fsettings%3Ftab%3Da%252Fb#security"],
    ["/dashboard#content", "/login?next=%2Fdashboard"],
  ])("of %s is %s", (address, login) => {
    window.history.replaceState(null, "", address);
    expect(loginForHere()).toBe(login);
  });
});
