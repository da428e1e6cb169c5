import { describe, expect, it } from "vitest";
import { device } from "@/lib/device";

const chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";
const firefox = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:143.0) Gecko/20100101 Firefox/143.0";
const iphone =
  "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1";
const ipad =
  "Mozilla/5.0 (iPad; CPU OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1";

describe("device", () => {
  it.each([
    [chrome, "Chrome 140 on Linux", "computer"],
    [firefox, "Firefox 143 on Windows", "computer"],
    [iphone, "Safari 18 on iOS", "phone"],
    [ipad, "Safari 18 on iOS", "tablet"],
    ["curl/8.9.1", "curl", "program"],
    ["Go-http-client/2.0", "Go-http-client", "program"],
    ["<script>alert(1)</script>", "<script>alert(1)<", "program"],
    ["", "Unknown device", "program"],
    ["   ", "Unknown device", "program"],
  ])("%j is %s, a %s", (userAgent, name, kind) => {
    expect(device(userAgent)).toEqual({ name, kind });
  });
});
