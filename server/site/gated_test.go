package site_test

import (
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"lychgate/server/site"
	"lychgate/server/site/sitetest"
	"lychgate/server/web"
)

// callers are all kinds of caller with the markers each may see. A session of a
// disabled account counts until it is revoked; its role and plan do not.
var callers = map[string][]string{
	"":       nil,
	disabled: {marker},
	alice:    {marker},
	admin:    {marker, sitetest.RoleMarker, sitetest.EitherMarker},
	pro:      {marker, sitetest.PlanMarker, sitetest.EitherMarker},
	team:     {marker, sitetest.PlanMarker, sitetest.EitherMarker},
}

var allMarkers = []string{marker, sitetest.RoleMarker, sitetest.PlanMarker, sitetest.EitherMarker}

// sees returns a marker in an answer that the caller may not see, or "".
func sees(who, got string) string {
	for _, text := range allMarkers {
		if strings.Contains(got, text) && !slices.Contains(callers[who], text) {
			return text
		}
	}
	return ""
}

// as is the header that authenticates a caller.
func as(who string) header {
	if who == "" {
		return nil
	}
	return header{whoHeader: who}
}

func startGated(t testing.TB) *httptest.Server {
	t.Helper()
	return startWith(t, sitetest.Gated(), sitetest.GatedRules)
}

func startWith(t testing.TB, files fstest.MapFS, rules string) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(handler(t, files, site.Options{Rules: readPolicy(rules).Rules, Routed: routed}))
	t.Cleanup(server.Close)
	return server
}

// TestEveryFileIsForWhoMayHaveIt requests every file of a site with pages for a
// role and for a plan. Only callers who meet the need of its marker get it.
// Files of a page are also requested as the page.
func TestEveryFileIsForWhoMayHaveIt(t *testing.T) {
	t.Parallel()
	server := startGated(t)
	files := sitetest.Gated()
	for name, file := range files {
		if strings.HasSuffix(name, ".br") && name != "dashboard/lone.html.br" || strings.HasSuffix(name, ".gz") {
			continue // no addresses
		}
		marked := ""
		for _, text := range allMarkers {
			if strings.Contains(string(file.Data), text) {
				marked = text
			}
		}
		address := (&url.URL{Path: "/" + name}).EscapedPath()
		for who, may := range callers {
			for _, coding := range []string{"", "br", "gzip"} {
				send := header{"Accept-Encoding": coding}.with(as(who))
				got := ask(t, server, "GET", address, send)
				if text := sees(who, got.String()); text != "" {
					t.Errorf("%s gives %q what is marked %s", address, who, text)
				}
				switch {
				case marked == "": // public files, and those that no marker stands in
				case slices.Contains(may, marked):
					if got.status != http.StatusOK || !strings.Contains(got.body, marked) {
						t.Errorf("%s does not give %q what is marked %s: %v", address, who, marked, got)
					}
				case strings.HasPrefix(name, "_next/") && got.status != http.StatusNotFound:
					t.Errorf("%s is there for %q: %v", address, who, got)
				}
				if page, ok := strings.CutSuffix(address, ".html"); ok && path.Base(page) != "index" {
					if got := ask(t, server, "GET", page, send); sees(who, got.String()) != "" || got.status == 200 && marked != "" && !slices.Contains(may, marked) {
						t.Errorf("%s gives %q: %v", page, who, got)
					}
				}
			}
		}
	}
}

// TestNothingLeaksOfGated is TestNothingLeaks for pages of roles and plans and
// for every caller without access to one of them. First the pages of the
// hostile targets themselves need a role or a plan, so that every known
// spelling is tried on both.
func TestNothingLeaksOfGated(t *testing.T) {
	t.Parallel()
	for rules, met := range map[string][]string{
		`{"/dashboard": "role:admin"}`:                                  {admin},
		`{"/dashboard": "plan:pro", "/dashboard/billing": "signed-in"}`: {pro, team},
	} {
		t.Run(rules, func(t *testing.T) {
			// Files that no page reaches are for all signed-in people.
			files := without(export(), "_next/static/media/inside.woff2", "_next/static/lychgate/_ssgManifest.js", "_next/data/lychgate/nowhere.json", "_next/server.json")
			address := startWith(t, files, rules).Listener.Addr().String()
			for who := range callers {
				found := 0
				for i, target := range sitetest.Targets(t) {
					set := headerSets[i%len(headerSets)]
					got := wire(t, address, "GET", target, lineOf(who)+set)
					switch {
					case slices.Contains(met, who):
						if strings.Contains(got, marker) {
							found++
						}
					case leaks(got) != "":
						t.Errorf("GET %q with %q as %q %s:\n%s", target, set, who, leaks(got), got)
					}
				}
				if slices.Contains(met, who) && found < 50 {
					t.Errorf("%d targets lead %q to a page", found, who)
				}
			}
		})
	}

	const rounds = 600
	address := startGated(t).Listener.Addr().String()
	random := rand.New(rand.NewPCG(13, 9))
	var seeds []string
	for _, seed := range append(sitetest.Targets(t), clean(sitetest.Gated())...) {
		if len(seed) < 200 {
			seeds = append(seeds, seed, strings.ReplaceAll(seed, "dashboard", "admin"), strings.ReplaceAll(seed, "settings", "reports"))
		}
	}
	for who, may := range callers {
		found := make(map[string]bool)
		for range rounds {
			target := mutated(random, seeds)
			got := wire(t, address, "GET", target, lineOf(who)+headerSets[random.IntN(len(headerSets))])
			if text := sees(who, got); text != "" {
				t.Errorf("GET %q gives %q what is marked %s", target, who, text)
			}
			for _, text := range allMarkers {
				if strings.Contains(got, text) {
					found[text] = true
				}
			}
		}
		if len(found) < min(len(may), 2) {
			t.Errorf("%q finds %v of %v: the test shows too little", who, found, may)
		}
	}
}

// lineOf is as, in wire format.
func lineOf(who string) string {
	if who == "" {
		return ""
	}
	return whoHeader + ": " + who + "\r\n"
}

// A page hidden by a role answers callers with another role like a missing
// page, byte for byte; and callers who do not meet a need cannot tell which
// pages exist.
func TestHiddenPagesAreNotThere(t *testing.T) {
	t.Parallel()
	server := startGated(t)
	sets := map[string]header{
		"none": {}, "navigate": navigate, "fetch": fetched, "cross-site": crossSite, "rsc": {"RSC": "1"},
		"coded": {"Accept-Encoding": "gzip, br"}, "range": {"Range": "bytes=0-1"}, "conditional": {"If-None-Match": "*", "If-Match": "*"},
	}
	for _, pair := range [][2]string{
		{"/admin", "/nowhere"}, {"/admin/audit", "/nowhere/at/all"}, {"/admin/nothing", "/nowhere"}, {"/admin/", "/nowhere/"},
		{"/admin.html", "/nowhere.html"}, {"/admin.txt", "/nowhere.txt"}, {"/admin.txt?_rsc=1", "/nowhere.txt?_rsc=1"}, {"/admin/__next._tree.txt", "/nowhere/__next._tree.txt"},
		{"/admin/people.csv", "/nowhere.csv"}, {"/%61dmin", "/%6eowhere"}, {"/admin%2faudit", "/nowhere%2faudit"}, {"/admin/../admin", "/nowhere/../nowhere"},
		{"/_next/static/chunks/admin.js", "/_next/static/chunks/never.js"}, {"/_next/data/lychgate/admin.json", "/_next/data/lychgate/never.json"},
	} {
		for _, method := range []string{"GET", "HEAD", "POST"} {
			for name, h := range sets {
				for _, who := range []string{alice, pro, refreshed} {
					hidden, nowhere := ask(t, server, method, pair[0], h.with(as(who))), ask(t, server, method, pair[1], h.with(as(who)))
					if !reflect.DeepEqual(hidden, nowhere) {
						t.Errorf("%s %s (%s) as %s: %v, but what does not exist: %v", method, pair[0], name, who, hidden, nowhere)
					}
				}
			}
		}
	}
	for _, who := range []string{"", alice, admin} {
		for _, page := range []string{"/dashboard/reports/2026", "/dashboard/reports/2026.html", "/dashboard/reports/2026.txt", "/dashboard/reports/2026/", "/dashboard/reports/2026/__next._tree.txt"} {
			other := strings.Replace(page, "2026", "1999", 1)
			for name, h := range sets {
				known, unknown := ask(t, server, "GET", page, h.with(as(who))), ask(t, server, "GET", other, h.with(as(who)))
				unknown.body = strings.ReplaceAll(unknown.body, "1999", "2026")
				if to := unknown.header.Get("Location"); to != "" {
					unknown.header.Set("Location", strings.ReplaceAll(to, "1999", "2026"))
				}
				if !reflect.DeepEqual(known, unknown) {
					t.Errorf("%s (%s) as %q: %v, but %s: %v", page, name, who, known, other, unknown)
				}
			}
		}
	}
}

// The answers by need and caller, as the guard promises them.
func TestRolesAndPlans(t *testing.T) {
	own := header{"Cross-Origin-Resource-Policy": "same-origin"}
	private := own.with(header{"Cache-Control": "private, no-store", "Etag": ""})
	kept := own.with(header{"Cache-Control": "private, max-age=31536000, immutable", "Set-Cookie": ""})
	required := own.with(header{"Content-Type": "application/problem+json", "Cache-Control": noStore, "Location": "", "Refresh": "", "Www-Authenticate": ""})
	gone := header{"Cache-Control": noStore, "Location": "", "Set-Cookie": "", "Cross-Origin-Resource-Policy": ""}
	toBilling := func(next string) header {
		return own.with(header{"Location": "/dashboard/billing?next=" + next, "Cache-Control": noStore, "Content-Type": "", "Etag": ""})
	}
	run(t, startGated(t), []request{
		{name: "role, stranger", path: "/admin", send: navigate, status: 303, want: toLogin("%2Fadmin").with(own), empty: true},
		{name: "role, stranger, fetch", path: "/admin", send: fetched, status: 401, want: problem401.with(own)},
		{name: "role, stranger, unknown", path: "/admin/nothing", send: navigate, status: 303, want: toLogin("%2Fadmin%2Fnothing")},
		{name: "role, stranger from afar", path: "/admin", send: crossSite, status: 200, holds: "Continue", want: header{"Refresh": "0"}},
		{name: "role, disabled", path: "/admin", send: navigate.with(as(disabled)), status: 303, want: toLogin("%2Fadmin")},
		{name: "role, not met", path: "/admin", send: navigate.with(as(alice)), status: 404, holds: "Lost", want: gone},
		{name: "role, not met, payload", path: "/admin.txt", send: fetched.with(as(alice)), status: 404, body: "There is nothing at this address.\n", want: gone},
		{name: "role, not met, from a refresh cookie", path: "/admin", send: as(refreshed), status: 404, holds: "Lost", want: gone.with(header{"X-Test-Rotated": ""})},
		{name: "role, with a plan", path: "/admin", send: as(pro), status: 404, holds: "Lost", want: gone},
		{name: "role", path: "/admin", send: navigate.with(as(admin)), status: 200, holds: sitetest.RoleMarker, want: private},
		{name: "role, payload", path: "/admin.txt?_rsc=1", send: fetched.with(as(admin)), status: 200, holds: sitetest.RoleMarker, want: private},
		{name: "role, file", path: "/admin/people.csv", send: as(admin), status: 200, body: sitetest.RoleMarker, want: private},
		{name: "role, trailing slash", path: "/admin/?a=b", send: as(admin), status: 308, want: own.with(header{"Location": "/admin?a=b"})},
		{name: "role, unknown", path: "/admin/nothing", send: as(admin), status: 404, holds: "Lost", want: own},
		{name: "role, it cannot be known", path: "/admin", send: as(unavailable), status: 503, want: header{"Retry-After": "1"}},

		{name: "plan, stranger", path: "/dashboard/reports", send: navigate, status: 303, want: toLogin("%2Fdashboard%2Freports").with(own), empty: true},
		{name: "plan, stranger, fetch", path: "/dashboard/reports", send: fetched, status: 401, want: problem401},
		{name: "plan, stranger from afar", path: "/dashboard/reports", send: crossSite, status: 200, holds: "Continue", want: header{"Refresh": "0"}},
		{name: "plan, disabled", path: "/dashboard/reports", send: navigate.with(as(disabled)), status: 303, want: toLogin("%2Fdashboard%2Freports")},
		{name: "plan, not met", path: "/dashboard/reports", send: navigate.with(as(alice)), status: 303, want: toBilling("%2Fdashboard%2Freports"), empty: true},
		{name: "plan, not met, by an administrator", path: "/dashboard/reports", send: as(admin), status: 303, want: toBilling("%2Fdashboard%2Freports")},
		{name: "plan, not met, from another site", path: "/dashboard/reports", send: crossSite.with(as(alice)), status: 303, want: toBilling("%2Fdashboard%2Freports")},
		{name: "plan, not met, query", path: "/dashboard/reports?year=2026&x=%20", send: as(alice), status: 303, want: toBilling("%2Fdashboard%2Freports%3Fyear%3D2026%26x%3D%2520")},
		{name: "plan, not met, no safe way back", path: `/dashboard/reports?a=\`, send: as(alice), status: 303, want: toBilling("%2Fdashboard")},
		{name: "plan, not met, unknown", path: "/dashboard/reports/nothing", send: as(alice), status: 303, want: toBilling("%2Fdashboard%2Freports%2Fnothing")},
		{name: "plan, not met, trailing slash", path: "/dashboard/reports/", send: as(alice), status: 303, want: toBilling("%2Fdashboard%2Freports%2F")},
		{name: "plan, not met, prefetch", method: "HEAD", path: "/dashboard/reports", send: fetched.with(as(alice)), status: 403, want: required},
		{name: "plan, not met, fetch", path: "/dashboard/reports", send: fetched.with(as(alice)), status: 403, holds: `"plan_required"`, want: required},
		{name: "plan, not met, RSC", path: "/dashboard/reports", send: navigate.with(as(alice)).with(header{"RSC": "1"}), status: 403, holds: `"plan_required"`, want: required},
		{name: "plan, not met, payload", path: "/dashboard/reports.txt", send: navigate.with(as(alice)), status: 403, holds: `"plan_required"`, want: required},
		{name: "plan, not met, unknown payload", path: "/dashboard/reports/nothing.txt", send: as(alice), status: 403, holds: `"plan_required"`, want: required},
		{name: "plan, not met, from a refresh cookie", path: "/dashboard/reports", send: as(refreshed), status: 303, want: toBilling("%2Fdashboard%2Freports").with(header{"Set-Cookie": "accessToken=new"})},
		{name: "plan", path: "/dashboard/reports", send: navigate.with(as(pro)), status: 200, holds: sitetest.PlanMarker, want: private},
		{name: "plan that includes it", path: "/dashboard/reports.txt", send: fetched.with(as(team)), status: 200, holds: sitetest.PlanMarker, want: private},
		{name: "plan, it cannot be known", path: "/dashboard/reports", send: as(unavailable), status: 503, want: header{"Retry-After": "1"}},
		{name: "the billing page", path: "/dashboard/billing", send: as(alice), status: 200, holds: "Billing", want: private},

		{name: "chunk of a role", path: "/_next/static/chunks/admin.js", send: as(admin), status: 200, holds: sitetest.RoleMarker, want: kept},
		{name: "chunk of a role, not met", path: "/_next/static/chunks/admin.js", send: as(pro), status: 404, holds: "Lost", want: gone},
		{name: "chunk of a plan, not met", path: "/_next/static/chunks/revenue.js", send: fetched.with(as(admin)), status: 404, holds: "Lost", want: gone},
		{name: "chunk of both, by role", path: "/_next/static/chunks/table.js", send: as(admin), status: 200, holds: sitetest.EitherMarker, want: kept},
		{name: "chunk of both, by plan", path: "/_next/static/media/table.svg", send: as(team), status: 200, body: sitetest.EitherMarker, want: kept},
		{name: "chunk of both, from a refresh cookie", path: "/_next/static/chunks/table.js", send: as(refreshed), status: 404, want: gone.with(header{"X-Test-Rotated": ""})},
		{name: "chunk that a public page loads too", path: "/_next/static/chunks/about.js", status: 200, want: header{"Cache-Control": "public, max-age=31536000, immutable"}},
		{name: "file that no page reaches", path: "/_next/static/media/inside.woff2", send: as(alice), status: 200, body: marker},

		{name: "public page below a protected one", path: "/dashboard/help", send: navigate, status: 200, holds: "Help", want: header{"Cache-Control": "no-cache", "Cross-Origin-Resource-Policy": ""}},
		{name: "its payload", path: "/dashboard/help.txt", status: 200, holds: "Help"},
		{name: "its segment payload", path: "/dashboard/help/__next._tree.txt", status: 200, holds: "Help"},
		{name: "its trailing slash", path: "/dashboard/help/", status: 308, want: header{"Location": "/dashboard/help"}},
		{name: "unknown below it", path: "/dashboard/help/nothing", status: 404, holds: "Lost"},
		{name: "beside it", path: "/dashboard/helpers", send: navigate, status: 303, want: toLogin("%2Fdashboard%2Fhelpers")},
	})
}

// On plain http browsers send no fetch metadata: there the client router's
// prefetch is a HEAD like any other, and must not be led anywhere.
func TestHeadWithoutMetadata(t *testing.T) {
	s, err := site.New(sitetest.Gated(), site.Options{Rules: readPolicy(sitetest.GatedRules).Rules})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(guarded(s, func(g *site.Guard) { g.NoMetadata = true }))
	defer server.Close()
	run(t, server, []request{
		{name: "HEAD", method: "HEAD", path: "/dashboard", status: 401},
		{name: "HEAD, navigation", method: "HEAD", path: "/dashboard", send: navigate, status: 303},
		{name: "GET", path: "/dashboard", status: 303},
		{name: "HEAD, plan", method: "HEAD", path: "/dashboard/reports", send: as(alice), status: 403},
	})
}

// The settings of the guard lead where they say.
func TestGuardSettings(t *testing.T) {
	s, err := site.New(sitetest.Gated(), site.Options{Rules: readPolicy(sitetest.GatedRules).Rules})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(guarded(s, func(g *site.Guard) {
		g.Return = web.ReturnPaths{Login: "/enter", Default: "/start"}
		g.Billing, g.ChangePassword = "/plans", "/about"
	}))
	defer server.Close()
	run(t, server, []request{
		{name: "login page", path: "/dashboard", status: 303, want: header{"Location": "/enter?next=%2Fdashboard"}},
		{name: "default", path: `/dashboard?\`, status: 303, want: header{"Location": "/enter?next=%2Fstart"}},
		{name: "billing page", path: "/dashboard/reports", send: as(alice), status: 303, want: header{"Location": "/plans?next=%2Fdashboard%2Freports"}},
		{name: "page where a password is changed", path: "/.well-known/change-password", status: 303, want: header{"Location": "/about"}},
	})
	paths := web.ReturnPaths{Login: "/enter", Default: "/start"}
	for raw, want := range map[string]string{"/enter": "/start", "/enter/x": "/start", "/enter.txt": "/start", "/login": "/login", "//x": "/start"} {
		if got := paths.Safe(raw); got != want {
			t.Errorf("Safe(%q) = %q, want %q", raw, got, want)
		}
	}
}
