import { expect, register, test } from "./fixtures";

for (const path of ["/", "/login", "/dashboard", "/no/such/page"]) {
  test(`${path} turns no text into code`, async ({ page, person, complaints }) => {
    complaints.expect(/TrustedScript|TrustedHTML|trusted-types|Content-Security-Policy|status of 404/);
    if (path === "/dashboard") await register(page, person);
    const response = await page.goto(path);
    const policy = response?.headers()["content-security-policy"] ?? "";
    expect(policy).toContain("require-trusted-types-for 'script'; trusted-types default nextjs");
    expect(policy).not.toContain("unsafe");

    const allowed = await page.evaluate(() => {
      const attempts: Record<string, () => void> = {
        "script of another origin": () => (document.createElement("script").src = "https://evil.example/x.js"),
        "script of this origin that is no chunk": () => (document.createElement("script").src = "/api/openapi.json"),
        "script above the chunks": () => (document.createElement("script").src = "/_next/static/chunks/../../../x.js"),
        "script of data": () => (document.createElement("script").src = "data:text/javascript,alert(1)"),
        "script of text": () => (document.createElement("script").text = "alert(1)"),
        markup: () => (document.createElement("div").innerHTML = "<img src=x onerror=alert(1)>"),
        "another policy": () => Reflect.get(window, "trustedTypes").createPolicy("mine", {}),
        "worker of another origin": () => new Worker("https://evil.example/x.js"),
        "worker of data": () => new Worker("data:text/javascript,postMessage(1)"),
        "worker of the API": () => new Worker("/api/x.js"),
        "worker of no script": () => new Worker("/robots.txt"),
        "worker's address for a script": () => (document.createElement("script").src = "/worker.js"),
        "script of a blob": () => (document.createElement("script").src = URL.createObjectURL(new Blob(["alert(1)"]))),
        "a worker of this site": () => new Worker("/no/such/worker.js").terminate(),
        "a chunk": () => (document.createElement("script").src = "/_next/static/chunks/x.js"),
      };
      return Object.keys(attempts).filter((name) => {
        try {
          attempts[name]!();
          return true;
        } catch {
          return false;
        }
      });
    });
    expect(allowed).toEqual(["a worker of this site", "a chunk"]);
  });
}
