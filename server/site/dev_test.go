package site_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"lychgate/server/site"
	"lychgate/server/site/sitetest"
)

// nextDev imitates `next dev` and answers with the request it received; an
// upgraded connection echoes what it is sent.
func nextDev(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Upgrade") == "" {
		fmt.Fprintf(w, "%s %s, cookies %q, %s", r.Method, r.RequestURI, r.Header["Cookie"], marker)
		return
	}
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}
	defer conn.Close()
	io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
	io.Copy(conn, buffered)
}

// startDev runs the guard in front of a `next dev` at target.
func startDev(t *testing.T, target string) *httptest.Server {
	t.Helper()
	parsed, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(guarded(site.NewDev(parsed, protectDashboard().Rules)))
	t.Cleanup(server.Close)
	return server
}

func TestDevIsGuarded(t *testing.T) {
	upstream := httptest.NewServer(http.HandlerFunc(nextDev))
	defer upstream.Close()
	toLogin := header{"Location": "/login?next=%2Fdashboard", "Cache-Control": "no-store"}
	rsc := fetched.with(header{"RSC": "1"})
	run(t, startDev(t, upstream.URL), []request{
		{name: "public page", path: "/about?a=b", send: navigate, status: 200, holds: "GET /about?a=b,", want: header{"Content-Security-Policy": "frame-ancestors 'none'"}},
		{name: "router", path: "/api/x", status: 200, body: "routed"},
		{name: "tool", path: "/_next/hmr?id=1", status: 200, holds: "GET /_next/hmr?id=1,"},
		{name: "tool that is posted to", method: "POST", path: "/__nextjs_original-stack-frames", status: 200, holds: "POST /__nextjs_original-stack-frames,"},
		{name: "page that is posted to", method: "POST", path: "/about", status: 405, want: header{"Allow": "GET, HEAD"}},
		{name: "cookies", path: "/about", send: header{"Cookie": "accessToken=a; __next_hmr_refresh_hash__=h; refreshToken=r"}, status: 200, holds: `cookies ["__next_hmr_refresh_hash__=h"]`},

		{name: "signed in", path: "/dashboard", send: signedIn, status: 200, holds: "GET /dashboard,"},
		{name: "signed in, payload", path: "/dashboard?_rsc=1", send: signedIn.with(rsc), status: 200, holds: "GET /dashboard?_rsc=1,"},
		{name: "stranger", path: "/dashboard", send: navigate, status: 303, empty: true, want: toLogin},
		{name: "stranger, payload", path: "/dashboard?_rsc=1", send: rsc, status: 401},
		{name: "stranger, child", path: "/dashboard/settings", send: fetched, status: 401},
		{name: "stranger, HEAD", method: "HEAD", path: "/dashboard", send: fetched, status: 401},
		{name: "stranger from afar", path: "/dashboard", send: crossSite, status: 200, holds: "Continue", want: header{"Refresh": "0"}},

		{name: "around the guard", path: "/_next/../dashboard", status: 404},
		{name: "around it, encoded", path: "/_next/%2e%2e/dashboard", status: 404},
		{name: "double slash", path: "//dashboard", status: 404},
		{name: "encoded slash", path: "/x%2f..%2fdashboard", status: 404},
		{name: "semicolon", path: "/dashboard;x", status: 404},
		{name: "another spelling", path: "/d%61shboard", status: 303},
	})
}

func TestDevPassesSocketsOn(t *testing.T) {
	upstream := httptest.NewServer(http.HandlerFunc(nextDev))
	defer upstream.Close()
	conn, err := net.Dial("tcp", startDev(t, upstream.URL).Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, "GET /_next/hmr?id=1 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
	answers := bufio.NewReader(conn)
	for line := "x"; strings.TrimSpace(line) != ""; {
		if line, err = answers.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
	io.WriteString(conn, "hello\n")
	if got, err := answers.ReadString('\n'); err != nil || got != "hello\n" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestDevThatDoesNotAnswer(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	run(t, startDev(t, gone.URL), []request{
		{name: "page", path: "/", status: 503, holds: "make dev", want: header{"Refresh": "1", "Retry-After": "1", "Cache-Control": "no-store"}},
	})
}

func TestDevAsksForRolesAndPlans(t *testing.T) {
	upstream := httptest.NewServer(http.HandlerFunc(nextDev))
	defer upstream.Close()
	parsed, err := url.Parse(upstream.URL)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(guarded(site.NewDev(parsed, readPolicy(sitetest.GatedRules).Rules)))
	defer server.Close()
	run(t, server, []request{
		{name: "role, stranger", path: "/admin", send: navigate, status: 303, want: toLogin("%2Fadmin")},
		{name: "role, not met", path: "/admin", send: navigate.with(as(alice)), status: 404, body: "There is nothing at this address.\n"},
		{name: "role", path: "/admin/audit", send: as(admin), status: 200, holds: "GET /admin/audit,"},
		{name: "plan, not met", path: "/dashboard/reports", send: navigate.with(as(admin)), status: 303, want: header{"Location": "/dashboard/billing?next=%2Fdashboard%2Freports"}},
		{name: "plan, not met, payload", path: "/dashboard/reports?_rsc=1", send: fetched.with(as(alice)), status: 403, holds: `"plan_required"`},
		{name: "plan", path: "/dashboard/reports", send: as(team), status: 200, holds: "GET /dashboard/reports,"},
		{name: "public below protected", path: "/dashboard/help", status: 200, holds: "GET /dashboard/help,"},
		{name: "page where a password is changed", path: "/.well-known/change-password", status: 303, want: header{"Location": "/dashboard/settings/security"}},
	})
}
