package server_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"lychgate/server"
	"lychgate/server/config"
	"lychgate/server/origin"
	"lychgate/server/servertest"
)

// answers are one of every kind that there is. Each goes out signed out,
// unless it says otherwise.
var answers = []struct {
	name, method, path string
	headers            []string
	body               string
	signedIn           bool
	status             int
}{
	{name: "a page", path: "/", status: 200},
	{name: "a page by its file", path: "/login.html", status: 200},
	{name: "the head of a page", method: "HEAD", path: "/", status: 200},
	{name: "a protected page", path: "/dashboard", signedIn: true, status: 200},
	{name: "a payload", path: "/dashboard.txt", signedIn: true, status: 200},
	{name: "a page that the browser has", path: "/", headers: []string{"If-None-Match", "*"}, status: 304},
	{name: "a page with a slash", path: "/login/", status: 308},
	{name: "the guard's redirect", path: "/dashboard", status: 303},
	{name: "the guard's refusal", path: "/dashboard", headers: []string{"Sec-Fetch-Mode", "cors"}, status: 401},
	{name: "the guard's way back", path: "/dashboard", headers: []string{"Sec-Fetch-Mode", "navigate", "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Dest", "document"}, status: 200},
	{name: "no page", path: "/nowhere", status: 404},
	{name: "no payload", path: "/nowhere.txt", status: 404},
	{name: "no protected page", path: "/dashboard/nowhere", signedIn: true, status: 404},
	{name: "a wrong method on a page", method: "POST", path: "/", status: 405},
	{name: "options", method: "OPTIONS", path: "/", headers: []string{"Origin", "https://evil.example", "Access-Control-Request-Method", "POST"}, status: 405},
	{name: "nobody's session", path: "/api/auth/session", status: 200},
	{name: "a profile", path: "/api/user/profile", signedIn: true, status: 200},
	{name: "no content", method: "POST", path: "/api/auth/logout", status: 204},
	{name: "signed out", path: "/api/user/profile", status: 401},
	{name: "a wrong password", method: "POST", path: "/api/auth/login", body: `{"email":"ada@example.com","password":"x"}`, status: 401},
	{name: "no body", method: "POST", path: "/api/auth/login", status: 400},
	{name: "no fields", method: "POST", path: "/api/auth/login", body: "{}", status: 422},
	{name: "a taken address", method: "POST", path: "/api/auth/register", body: servertest.Object("email", "ada@example.com", "password", servertest.Password), status: 409},
	{name: "a large body", method: "POST", path: "/api/auth/login", body: strings.Repeat("x", 65537), status: 413},
	{name: "another type", method: "POST", path: "/api/auth/login", body: "{}", headers: []string{"Content-Type", "text/plain"}, status: 415},
	{name: "another site", method: "POST", path: "/api/auth/logout", headers: []string{"Sec-Fetch-Site", "cross-site"}, status: 403},
	{name: "no such path of the API", path: "/api/nowhere", status: 404},
	{name: "a wrong method in the API", method: "GET", path: "/api/auth/login", status: 405},
	{name: "another host", path: "/", headers: []string{"Host", "evil.example"}, status: 421},
	{name: "the API of another host", path: "/api/user/profile", headers: []string{"Host", "evil.example"}, status: 421},
	{name: "the contract", path: "/api/openapi.json", status: 200},
	{name: "the keys", path: "/.well-known/jwks.json", status: 200},
	{name: "the health", path: "/healthz", status: 200},
	{name: "the readiness", path: "/readyz", status: 200},
}

// eachAnswer asks for one of every kind of answer from a server of an origin.
func eachAnswer(t *testing.T, changes func(*config.Config), check func(t *testing.T, path string, answer servertest.Answer)) {
	t.Helper()
	instance := servertest.Start(t, changes)
	stranger, person := instance.Client(), instance.Client()
	if o := instance.Config.Origin; o != (origin.Origin{}) {
		host := strings.TrimPrefix(o.String(), "https://")
		stranger.Header.Set("Host", host)
		person.Header.Set("Host", host)
	}
	person.Register("ada@example.com")
	for _, a := range answers {
		t.Run(a.name, func(t *testing.T) {
			client, method := stranger, a.method
			if a.signedIn {
				client = person
			}
			if method == "" {
				method = http.MethodGet
			}
			answer := client.Do(method, a.path, a.body, a.headers...)
			if answer.StatusCode != a.status {
				t.Fatalf("status %d, want %d\n%s", answer.StatusCode, a.status, answer.Body)
			}
			check(t, a.path, answer)
		})
	}
}

// securityHeaders are on every answer; each value must match.
var securityHeaders = map[string]*regexp.Regexp{
	"X-Content-Type-Options":     regexp.MustCompile(`^nosniff$`),
	"Referrer-Policy":            regexp.MustCompile(`^(no-referrer|same-origin|strict-origin|strict-origin-when-cross-origin)$`),
	"Permissions-Policy":         regexp.MustCompile(`camera=\(\)`),
	"Cross-Origin-Opener-Policy": regexp.MustCompile(`^same-origin$`),
	"X-Request-Id":               regexp.MustCompile(`^[0-9a-f]{32}$`),
}

// policyDirectives are in the Content-Security-Policy of every answer, pages
// and others.
var policyDirectives = []string{"frame-ancestors 'none'", "base-uri 'none'"}

func TestSecurityHeadersAreOnEveryAnswer(t *testing.T) {
	ids := map[string]bool{}
	check := func(t *testing.T, _ string, answer servertest.Answer) {
		for name, want := range securityHeaders {
			if values := answer.Header.Values(name); len(values) != 1 || !want.MatchString(values[0]) {
				t.Errorf("%s: %q, want one that matches %s", name, values, want)
			}
		}
		policy := answer.Header.Values("Content-Security-Policy")
		if len(policy) != 1 {
			t.Fatalf("%d policies", len(policy))
		}
		for _, directive := range policyDirectives {
			if !strings.Contains(policy[0], directive) {
				t.Errorf("the policy lacks %s: %s", directive, policy[0])
			}
		}
		if !strings.Contains(policy[0], "object-src 'none'") && !strings.Contains(policy[0], "default-src 'none'") {
			t.Errorf("the policy allows objects: %s", policy[0])
		}
		if strings.Contains(policy[0], "unsafe-inline") || strings.Contains(policy[0], "unsafe-eval") || strings.Contains(policy[0], "*") {
			t.Errorf("the policy is a lax one: %s", policy[0])
		}
		for name := range answer.Header {
			if strings.HasPrefix(name, "Access-Control-") || name == "Server" || name == "X-Powered-By" {
				t.Errorf("%s: %q", name, answer.Header.Values(name))
			}
		}
		id := answer.Header.Get("X-Request-Id")
		if ids[id] {
			t.Errorf("the request id %s came before", id)
		}
		ids[id] = true
	}
	hsts := func(want string) func(*testing.T, string, servertest.Answer) {
		return func(t *testing.T, path string, answer servertest.Answer) {
			check(t, path, answer)
			if got := strings.Join(answer.Header.Values("Strict-Transport-Security"), "\n"); got != want {
				t.Errorf("Strict-Transport-Security: %q, want %q", got, want)
			}
		}
	}
	t.Run("http", func(t *testing.T) { eachAnswer(t, func(*config.Config) {}, hsts("")) })
	t.Run("https", func(t *testing.T) {
		eachAnswer(t, servertest.At(t, "https://app.example.com"), hsts("max-age=31536000"))
	})
	t.Run("https and all below", func(t *testing.T) {
		eachAnswer(t, func(c *config.Config) {
			servertest.At(t, "https://app.example.com")(c)
			c.HSTSSubdomains = true
		}, hsts("max-age=31536000; includeSubDomains"))
	})
}

// Answers of the API are no resource of another site's page, whatever they
// are; public documents and public files are.
func TestResourcePolicyOfTheAPI(t *testing.T) {
	eachAnswer(t, func(*config.Config) {}, func(t *testing.T, path string, answer servertest.Answer) {
		want := ""
		if strings.HasPrefix(path, "/api/") && path != "/api/openapi.json" || strings.HasPrefix(path, "/dashboard") && answer.StatusCode != http.StatusMethodNotAllowed {
			want = "same-origin"
		}
		if got := strings.Join(answer.Header.Values("Cross-Origin-Resource-Policy"), "\n"); got != want {
			t.Errorf("Cross-Origin-Resource-Policy: %q, want %q", got, want)
		}
	})
}

func TestARequestIDIsNeverTheClients(t *testing.T) {
	client := servertest.Start(t).Client()
	const mine = "0123456789abcdef0123456789abcdef"
	for range 3 {
		if got := client.Get("/api/auth/session", "X-Request-Id", mine).Header.Get("X-Request-Id"); got == mine {
			t.Error("the id that the client sent is taken over")
		}
	}
}

func TestTheAPIIsNeverStored(t *testing.T) {
	check := func(t *testing.T, path string, answer servertest.Answer) {
		want := "no-store"
		switch {
		case answer.StatusCode == http.StatusOK && (path == "/api/openapi.json" || path == "/.well-known/jwks.json"):
			want = "public, max-age=300"
		case !strings.HasPrefix(path, "/api/") && !server.OutsideAPI(path) && answer.StatusCode < 400:
			if cached := answer.Header.Get("Cache-Control"); cached == "" {
				t.Error("no Cache-Control")
			}
			return // what the site says of its files is its own business
		}
		if got := answer.Header.Values("Cache-Control"); len(got) != 1 || got[0] != want {
			t.Errorf("Cache-Control: %q, want %q", got, want)
		}
	}
	eachAnswer(t, func(*config.Config) {}, check)
}

func TestSuccessesOfTheAPIAreNeverStored(t *testing.T) {
	client := servertest.Start(t).Client()
	for _, answer := range []servertest.Answer{
		client.Register("ada@example.com"),
		client.Login("ada@example.com"),
		client.Post("/api/auth/refresh", "").Wants(http.StatusOK),
		client.Get("/api/auth/session").Wants(http.StatusOK),
		client.Get("/api/user/sessions").Wants(http.StatusOK),
		client.Do(http.MethodPatch, "/api/user/profile", `{"name":"Ada"}`).Wants(http.StatusOK),
		client.Do(http.MethodDelete, "/api/user/sessions", "").Wants(http.StatusNoContent),
		client.Post("/api/user/password", servertest.Object("currentPassword", servertest.Password, "newPassword", newPassword)).Wants(http.StatusNoContent),
		client.Post("/api/auth/logout", "").Wants(http.StatusNoContent),
	} {
		if got := answer.Header.Get("Cache-Control"); got != "no-store" {
			t.Errorf("%s %s: Cache-Control: %q", answer.Request.Method, answer.Request.URL.Path, got)
		}
	}
}
