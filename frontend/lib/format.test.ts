// @vitest-environment jsdom
import { afterEach, expect, it } from "vitest";
import { formatDate, formatDateTime } from "@/lib/format";

afterEach(() => document.documentElement.removeAttribute("lang"));

it.each([
  ["en", "November 29, 2026"],
  ["de", "29. November 2026"],
  ["", "November 29, 2026"],
  ["en_US", "November 29, 2026"],
  ["<b>", "November 29, 2026"],
])("writes dates in the language of the page: %j", (lang, date) => {
  document.documentElement.lang = lang;
  expect(formatDate("2026-11-29T12:00:00Z")).toBe(date);
  expect(formatDateTime("2026-11-29T12:00:00Z")).not.toBe("");
});
