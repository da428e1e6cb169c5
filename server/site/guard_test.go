package site_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

const noStore = "no-store"

// problem401 are the headers for problem.ErrUnauthenticated.
var problem401 = header{
	"Content-Type": "application/problem+json", "Cache-Control": noStore, "Location": "",
	"Www-Authenticate": "Bearer", "Refresh": "",
}

func toLogin(next string) header {
	return header{"Location": "/login?next=" + next, "Cache-Control": noStore, "Content-Type": "", "Etag": ""}
}

func TestRouterKeepsItsPaths(t *testing.T) {
	run(t, start(t), []request{
		{name: "api", path: "/api/auth/session", status: 200, body: "routed", want: header{"Cache-Control": ""}},
		{name: "api, any method", method: "POST", path: "/api/auth/login", status: 200, body: "routed"},
		{name: "api, unclean path", path: "/api/../dashboard", status: 200, body: "routed"},
		{name: "routed", path: "/healthz", status: 200, body: "routed"},
		{name: "routed, any method", method: "POST", path: "/healthz", status: 200, body: "routed"},
		{name: "api alone is a page like any other", path: "/api", status: 404, holds: "Lost"},
		{name: "api in other words", path: "/%61pi/auth/session", status: 404, holds: "Lost"},
		{name: "api in capitals", path: "/API/auth/session", status: 404, holds: "Lost"},
		{name: "routed in other words", path: "/%68ealthz", status: 404, holds: "Lost"},
		{name: "below routed", path: "/healthz/x", status: 404, holds: "Lost"},
	})
}

func TestMethods(t *testing.T) {
	refused := header{"Allow": "GET, HEAD", "Cache-Control": noStore, "Content-Type": "application/problem+json"}
	var cases []request
	for _, method := range []string{"POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "get"} {
		for _, path := range []string{"/", "/dashboard", "/nowhere", "/_next/static/chunks/dashboard.js"} {
			cases = append(cases, request{name: method + " " + path, method: method, path: path, status: 405, want: refused, holds: `"method_not_allowed"`})
		}
	}
	run(t, start(t), cases)
}

func TestSignedOut(t *testing.T) {
	run(t, start(t), []request{
		{name: "navigation", path: "/dashboard", send: navigate, status: 303, want: toLogin("%2Fdashboard"), empty: true},
		{name: "no fetch metadata", path: "/dashboard", status: 303, want: toLogin("%2Fdashboard"), empty: true},
		{name: "HEAD without fetch metadata", method: "HEAD", path: "/dashboard", status: 303, want: toLogin("%2Fdashboard")},
		{name: "HEAD navigation", method: "HEAD", path: "/dashboard", send: navigate, status: 303, want: toLogin("%2Fdashboard")},
		{name: "page below", path: "/dashboard/settings", send: navigate, status: 303, want: toLogin("%2Fdashboard%2Fsettings"), empty: true},
		{name: "query", path: "/dashboard?tab=a%20b&x=<>", send: navigate, status: 303, want: toLogin("%2Fdashboard%3Ftab%3Da%2520b%26x%3D%3C%3E")},
		{name: "query that is not let through", path: `/dashboard/settings?a=\`, send: navigate, status: 303, want: toLogin("%2Fdashboard")},
		{name: "html", path: "/dashboard.html", send: navigate, status: 303, want: toLogin("%2Fdashboard.html"), empty: true},
		{name: "index of the folder", path: "/dashboard/index.html", send: navigate, status: 303},
		{name: "escaped", path: "/d%61shboard", send: navigate, status: 303, want: toLogin("%2Fd%2561shboard")},
		{name: "trailing slash", path: "/dashboard/", send: navigate, status: 303, want: toLogin("%2Fdashboard%2F")},
		{name: "trailing slash below", path: "/dashboard/settings/", send: navigate, status: 303, want: toLogin("%2Fdashboard%2Fsettings%2F")},
		{name: "file below", path: "/dashboard/plan.pdf", send: navigate, status: 303},
		{name: "lone variant below", path: "/dashboard/lone.html.br", send: navigate, status: 303},
		{name: "same site", path: "/dashboard", send: navigate.with(header{"Sec-Fetch-Site": "same-site"}), status: 303, want: toLogin("%2Fdashboard")},
		{name: "in a frame of another site", path: "/dashboard", send: crossSite.with(header{"Sec-Fetch-Dest": "iframe"}), status: 303, want: toLogin("%2Fdashboard")},
		{name: "cross-site HEAD", method: "HEAD", path: "/dashboard", send: crossSite, status: 303, want: toLogin("%2Fdashboard")},
		{name: "range", path: "/dashboard", send: header{"Range": "bytes=0-3", "If-None-Match": "*"}, status: 303, want: toLogin("%2Fdashboard")},

		{name: "prefetch", method: "HEAD", path: "/dashboard", send: fetched, status: 401, want: problem401},
		{name: "fetch", path: "/dashboard", send: fetched, status: 401, want: problem401, holds: `"unauthenticated"`},
		{name: "fetch without origin", path: "/dashboard", send: header{"Sec-Fetch-Mode": "no-cors"}, status: 401, want: problem401},
		{name: "empty mode", path: "/dashboard", send: header{"Sec-Fetch-Mode": ""}, status: 401, want: problem401},
		{name: "RSC", path: "/dashboard", send: header{"RSC": "1"}, status: 401, want: problem401},
		{name: "RSC and navigation", path: "/dashboard", send: navigate.with(header{"RSC": "1"}), status: 401, want: problem401},
		{name: "router prefetch", path: "/dashboard", send: header{"Next-Router-Prefetch": "1"}, status: 401, want: problem401},
		{name: "router state", path: "/dashboard", send: header{"Next-Router-State-Tree": "%5B%5D"}, status: 401, want: problem401},
		{name: "segment prefetch", path: "/dashboard", send: header{"Next-Router-Segment-Prefetch": "/_tree"}, status: 401, want: problem401},
		{name: "payload", path: "/dashboard.txt?_rsc=1", status: 401, want: problem401},
		{name: "payload, navigation", path: "/dashboard.txt", send: navigate, status: 401, want: problem401},
		{name: "payload, HEAD", method: "HEAD", path: "/dashboard.txt", status: 401, want: problem401},
		{name: "payload, escaped suffix", path: "/dashboard%2etxt", send: navigate, status: 401, want: problem401},
		{name: "segment payload", path: "/dashboard/__next._tree.txt", send: fetched, status: 401, want: problem401},
		{name: "payload below", path: "/dashboard/settings/__next._full.txt", send: fetched, status: 401, want: problem401},
		{name: "cross-site fetch", path: "/dashboard", send: header{"Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "document"}, status: 401, want: problem401},
		{name: "cross-site payload", path: "/dashboard.txt", send: crossSite, status: 401, want: problem401},

		{name: "store fails", path: "/dashboard", send: header{whoHeader: unavailable}, status: 503, want: header{"Cache-Control": noStore, "Retry-After": "1"}},
		{name: "store fails, asset", path: "/_next/static/chunks/dashboard.js", send: header{whoHeader: unavailable}, status: 503},
		{name: "store fails, public page", path: "/about", send: header{whoHeader: unavailable}, status: 200, holds: "About us"},
		{name: "public page", path: "/about", send: navigate, status: 200, holds: "About us"},
		{name: "name that begins alike", path: "/dashboardish", status: 200, holds: "No dashboard"},
		{name: "payload of a name that begins alike", path: "/dashboardish.txt", status: 200, holds: "No dashboard"},
		{name: "public file with the name of the page", path: "/dashboard.png", status: 200, body: "png"},
		{name: "in capitals there is nothing", path: "/Dashboard", send: navigate, status: 404, holds: "Lost"},
		{name: "suffix in capitals", path: "/dashboard.HTML", send: navigate, status: 404, holds: "Lost"},
		{name: "page behind the file", path: "/dashboard.html/", send: navigate, status: 404, holds: "Lost"},
	})
}

// An anonymous caller cannot tell which protected pages exist.
func TestUnknownBelowAnswersLikeKnown(t *testing.T) {
	server := start(t)
	for _, pair := range [][2]string{
		{"/dashboard/settings", "/dashboard/nothing1"},
		{"/dashboard/settings.html", "/dashboard/nothing1.html"},
		{"/dashboard/settings.txt", "/dashboard/nothing1.txt"},
		{"/dashboard/settings/", "/dashboard/nothing1/"},
		{"/dashboard/settings/__next._tree.txt", "/dashboard/nothing1/__next._tree.txt"},
		{"/dashboard/plan.pdf", "/dashboard/nope.pdf"},
	} {
		for _, method := range []string{"GET", "HEAD"} {
			for name, h := range map[string]header{"navigate": navigate, "fetch": fetched, "none": {}, "cross-site": crossSite, "rsc": {"RSC": "1"}} {
				known, unknown := ask(t, server, method, pair[0], h), ask(t, server, method, pair[1], h)
				for _, word := range [][2]string{{"nothing1", "settings"}, {"nope", "plan"}} {
					unknown.body = strings.ReplaceAll(unknown.body, word[0], word[1])
					if to := unknown.header.Get("Location"); to != "" {
						unknown.header.Set("Location", strings.ReplaceAll(to, word[0], word[1]))
					}
				}
				// The two return paths differ in length.
				known.header.Del("Content-Length")
				unknown.header.Del("Content-Length")
				if !reflect.DeepEqual(known, unknown) {
					t.Errorf("%s %s (%s): %v, but %s: %v", method, pair[0], name, known, pair[1], unknown)
				}
			}
		}
	}
}

func TestRefusedPaths(t *testing.T) {
	like := func(path string) request {
		return request{name: path, path: path, send: navigate, status: 303, want: header{"Cache-Control": noStore}, empty: true}
	}
	lost := func(path string) request {
		return request{name: path, path: path, send: navigate, status: 404, holds: "Lost", want: header{"Cache-Control": noStore}}
	}
	run(t, start(t), []request{
		like("/dashboard%2fsettings"), like("/dashboard%2F"), like("/dashboard/%5c"), like(`/dashboard/a\b`),
		like("/dashboard/;x"), like("/dashboard//settings"), like("/dashboard/../about"), like("/dashboard/%2e%2e/about"),
		like("/dashboard/."), like("/dashboard/%00"), like("/dashboard/%0a"), like("/dashboard/%7f"), like("/dashboard/%ff"),
		like("/dashboard/settings//"), like("/dashboard%2f..%2fabout"), like("/%64ashboard%2fx"),
		lost("//dashboard"), lost("/./dashboard"), lost("/x/../dashboard"), lost("/%2e/dashboard"), lost("/about/..%2fdashboard"),
		lost("/about//"), lost("/about;x"), lost("/about%2f"), lost("/%5cdashboard"), lost(`/\dashboard`), lost("/dashboard;x"),
		lost("/dashboard%00"), lost("/dashboard%20"), lost("/about%ff"), lost("/dashboard%252fsettings"), lost("/dashboard%3f"),
		lost("/about/."), lost("/about/%2e%2e"), lost("//"), lost("///"), lost("/%2f"), lost("/."), lost("/.."),
	})
}

func TestContinuePage(t *testing.T) {
	server := start(t)
	for _, path := range []string{
		"/dashboard", "/dashboard/settings", "/dashboard/", "/dashboard/nothing", "/dashboard.html", "/d%61shboard",
		"/dashboard?a=1&b=2", `/dashboard?x="><script>alert(1)</script>&y='`, "/dashboard/%3Cb%3E?&amp;", "/dashboard/caf%C3%A9?q=%22",
	} {
		t.Run(path, func(t *testing.T) {
			got := ask(t, server, "GET", path, crossSite)
			if got.status != 200 {
				t.Fatalf("status %d, want 200", got.status)
			}
			_, script, _ := strings.Cut(got.body, "<script>")
			script, _, found := strings.Cut(script, "</script>")
			if !found || strings.Count(got.body, "<script") != 1 {
				t.Errorf("not one script in %q", got.body)
			}
			sum := sha256.Sum256([]byte(script))
			policy := "default-src 'none'; script-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
				"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
			for name, want := range (header{
				"Refresh": "0", "Cache-Control": noStore, "Content-Security-Policy": policy, "Set-Cookie": "",
				"Content-Type": "text/html; charset=utf-8", "Location": "",
			}) {
				if value := got.header.Get(name); value != want {
					t.Errorf("%s is %q, want %q", name, value, want)
				}
			}
			if links := linksOf(got.body); !reflect.DeepEqual(links, []string{path}) {
				t.Errorf("links %q, want %q alone in %q", links, path, got.body)
			}
			if strings.Count(got.body, "Continue</a>") != 1 {
				t.Errorf("body %q", got.body)
			}
		})
	}
	run(t, server, []request{
		{name: "signed in", path: "/dashboard", send: crossSite.with(signedIn), status: 200, holds: marker, want: header{"Refresh": ""}},
		{name: "public page", path: "/about", send: crossSite, status: 200, holds: "About us", want: header{"Refresh": ""}},
		{name: "asset", path: "/_next/static/chunks/dashboard.js", send: crossSite, status: 404, want: header{"Refresh": ""}},
		{name: "store fails", path: "/dashboard", send: crossSite.with(header{whoHeader: unavailable}), status: 503},
	})
}

func linksOf(page string) []string {
	var links []string
	tokens := html.NewTokenizer(strings.NewReader(page))
	for {
		switch tokens.Next() {
		case html.ErrorToken:
			return links
		case html.StartTagToken, html.SelfClosingTagToken:
			for _, a := range tokens.Token().Attr {
				if a.Key == "href" || a.Key == "src" || a.Key == "action" || a.Key == "content" {
					links = append(links, a.Val)
				}
			}
		}
	}
}

func TestSignedIn(t *testing.T) {
	private := header{"Cache-Control": "private, no-store", "Etag": "", "Last-Modified": ""}
	kept := header{"Cache-Control": "private, max-age=31536000, immutable", "Set-Cookie": ""}
	run(t, start(t), []request{
		{name: "page", path: "/dashboard", send: signedIn, status: 200, holds: "Dashboard " + marker, want: private.with(header{"Content-Type": "text/html; charset=utf-8", "Vary": "Accept-Encoding"})},
		{name: "page, HEAD", method: "HEAD", path: "/dashboard", send: signedIn, status: 200, want: private, empty: true},
		{name: "page from another site", path: "/dashboard", send: signedIn.with(crossSite), status: 200, holds: marker, want: private},
		{name: "html", path: "/dashboard.html", send: signedIn, status: 200, holds: "Dashboard " + marker, want: private},
		{name: "the folder's index does not shadow it", path: "/dashboard/index.html", send: signedIn, status: 200, holds: "shadowed", want: private},
		{name: "escaped", path: "/d%61shboard", send: signedIn, status: 200, holds: "Dashboard " + marker, want: private},
		{name: "payload", path: "/dashboard.txt?_rsc=2", send: signedIn.with(fetched), status: 200, holds: marker, want: private.with(header{"Content-Type": "text/plain; charset=utf-8"})},
		{name: "segment payload", path: "/dashboard/__next._tree.txt", send: signedIn, status: 200, holds: marker, want: private},
		{name: "file below", path: "/dashboard/plan.pdf", send: signedIn, status: 200, body: marker, want: private.with(header{"Content-Type": "application/pdf"})},
		{name: "lone variant below", path: "/dashboard/lone.html.br", send: signedIn, status: 200, body: marker, want: private.with(header{"Content-Encoding": "", "Content-Type": "application/octet-stream"})},
		{name: "conditional", path: "/dashboard", send: signedIn.with(header{"If-None-Match": "*"}), status: 200, holds: marker, want: private},
		{name: "asset", path: "/_next/static/chunks/dashboard.js", send: signedIn, status: 200, holds: marker, want: kept},
		{name: "font", path: "/_next/static/media/inside.woff2", send: signedIn, status: 200, body: marker, want: kept},
		{name: "file of the build id", path: "/_next/static/lychgate/_ssgManifest.js", send: signedIn, status: 200, want: private},
		{name: "data", path: "/_next/data/lychgate/dashboard.json", send: signedIn, status: 200, holds: marker, want: private},
		{name: "unknown", path: "/dashboard/nothing", send: signedIn, status: 404, holds: "Lost", want: header{"Cache-Control": noStore}},
		{name: "unknown payload", path: "/dashboard/nothing.txt", send: signedIn, status: 404, want: header{"Content-Type": "text/plain; charset=utf-8"}},
		{name: "refused path", path: "/dashboard%2fsettings", send: signedIn, status: 404, holds: "Lost"},
		{name: "variant", path: "/dashboard.html.br", send: signedIn, status: 404, holds: "Lost"},
		{name: "trailing slash", path: "/dashboard/?a=b%20c", send: signedIn, status: 308, want: header{"Location": "/dashboard?a=b%20c", "Cache-Control": noStore}, empty: true},
		{name: "trailing slash below", path: "/dashboard/settings/", send: signedIn, status: 308, want: header{"Location": "/dashboard/settings"}},

		{name: "refreshed page", path: "/dashboard", send: header{whoHeader: refreshed}, status: 200, holds: marker, want: private.with(header{"Set-Cookie": "accessToken=new", "X-Test-Rotated": "yes"})},
		{name: "refreshed, unknown", path: "/dashboard/nothing", send: header{whoHeader: refreshed}, status: 404, want: header{"Set-Cookie": "accessToken=new"}},
		{name: "refreshed asset", path: "/_next/static/chunks/dashboard.js", send: header{whoHeader: refreshed}, status: 200, holds: marker, want: kept.with(header{"X-Test-Rotated": ""})},
		{name: "careless, asset", path: "/_next/static/chunks/dashboard.js", send: header{whoHeader: careless}, status: 200, holds: marker, want: kept},
		{name: "careless, part of an asset", path: "/_next/static/chunks/dashboard.js", send: header{whoHeader: careless, "Range": "bytes=0-0"}, status: 206, want: kept},
		{name: "careless, asset not modified", path: "/_next/static/chunks/dashboard.js", send: header{whoHeader: careless, "If-None-Match": "*"}, status: 304, want: kept},
		{name: "refreshed, public page", path: "/about", send: header{whoHeader: refreshed}, status: 200, want: header{"Set-Cookie": ""}},
	})
}

func TestTrailingSlashOfPublicPages(t *testing.T) {
	run(t, start(t), []request{
		{name: "page", path: "/about/", status: 308, want: header{"Location": "/about", "Cache-Control": noStore}, empty: true},
		{name: "page, HEAD", method: "HEAD", path: "/about/", status: 308, want: header{"Location": "/about"}},
		{name: "query", path: "/about/?q=a&r=%2F", status: 308, want: header{"Location": "/about?q=a&r=%2F"}},
		{name: "nested", path: "/docs/intro/", status: 308, want: header{"Location": "/docs/intro"}},
		{name: "index of a folder", path: "/sub/", status: 308, want: header{"Location": "/sub"}},
		{name: "escaped", path: "/%61bout/", status: 308, want: header{"Location": "/about"}},
		{name: "file", path: "/robots.txt/", status: 404},
		{name: "html", path: "/about.html/", status: 404},
		{name: "folder without page", path: "/docs/", status: 404},
		{name: "unknown", path: "/nowhere/", status: 404},
		{name: "404 page", path: "/404/", status: 404},
		{name: "root", path: "/", status: 200, holds: "Home"},
	})
}

// A protected asset and a missing one look the same to an anonymous caller.
func TestProtectedAssetIsNotThere(t *testing.T) {
	server := start(t)
	for _, asset := range []string{
		"/_next/static/chunks/dashboard.js", "/_next/static/chunks/chart.js", "/_next/static/media/inside.woff2",
		"/_next/static/lychgate/_ssgManifest.js", "/_next/data/lychgate/dashboard.json", "/_next/data/lychgate/nowhere.json", "/_next/server.json",
	} {
		for _, method := range []string{"GET", "HEAD"} {
			for name, h := range map[string]header{
				"plain": {}, "browser": fetched.with(header{"Accept-Encoding": "gzip, br"}), "navigate": navigate, "cross-site": crossSite,
				"range": {"Range": "bytes=0-1"}, "conditional": {"If-None-Match": "*", "If-Match": "*"}, "rsc": {"RSC": "1"},
			} {
				there, nowhere := ask(t, server, method, asset, h), ask(t, server, method, "/_next/static/chunks/never.js", h)
				if there.status != http.StatusNotFound || !reflect.DeepEqual(there, nowhere) {
					t.Errorf("%s %s (%s): %v, but what does not exist: %v", method, asset, name, there, nowhere)
				}
			}
		}
	}
}

func TestNotFoundPage(t *testing.T) {
	want := header{"Cache-Control": noStore, "Content-Type": "text/html; charset=utf-8", "Etag": "", "Vary": "Accept-Encoding"}
	run(t, start(t), []request{
		{name: "unknown", path: "/nowhere", status: 404, holds: "Lost", want: want},
		{name: "HEAD", method: "HEAD", path: "/nowhere", status: 404, want: want, empty: true},
		{name: "compressed", path: "/nowhere", send: header{"Accept-Encoding": "br"}, status: 404, body: "br of 404.html ", want: want.with(header{"Content-Encoding": "br"})},
		{name: "conditional", path: "/nowhere", send: header{"If-None-Match": "*", "Range": "bytes=0-1"}, status: 404, holds: "Lost"},
		{name: "its own address", path: "/404", status: 404, holds: "Lost", want: want},
		{name: "its own file", path: "/404.html", status: 404, holds: "Lost", want: want},
		{name: "not-found", path: "/_not-found", status: 404, holds: "Lost", want: want},
		{name: "not-found file", path: "/_not-found.html", status: 404, holds: "Lost", want: want},
		{name: "payload", path: "/nowhere.txt", send: fetched, status: 404, want: header{"Content-Type": "text/plain; charset=utf-8", "Cache-Control": noStore}},
		{name: "variant", path: "/about.html.br", status: 404, holds: "Lost"},
		{name: "variant, gzip", path: "/_next/static/chunks/about.js.gz", status: 404, holds: "Lost"},
		{name: "missing asset is no page", path: "/_next/static/chunks/gone.js", status: 404, want: want},
		{name: "folder", path: "/_next/", status: 404},
		{name: "star", path: "/*", status: 404},
	})
	server := httptest.NewServer(handler(t, without(export(), "404.html"), protectDashboard()))
	defer server.Close()
	run(t, server, []request{{name: "an export with _not-found.html alone", path: "/nowhere", status: 404, holds: "Lost"}})
}
