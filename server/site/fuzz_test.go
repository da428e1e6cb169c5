package site_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"path"
	"slices"
	"strings"
	"testing"

	"lychgate/server/site"
)

// strangers are the paths to which an anonymous caller's headers are sent, with
// the possible results.
var strangers = []struct {
	path     string
	statuses []int
}{
	{"/dashboard", []int{http.StatusSeeOther, http.StatusUnauthorized, http.StatusOK}},
	{"/dashboard.txt", []int{http.StatusUnauthorized}},
	{"/dashboard/nothing", []int{http.StatusSeeOther, http.StatusUnauthorized, http.StatusOK}},
	{"/_next/static/chunks/dashboard.js", []int{http.StatusNotFound}},
}

// FuzzHeaders sends arbitrary headers to protected pages: none gives access,
// and only navigations are redirected.
func FuzzHeaders(f *testing.F) {
	for _, set := range headerSets {
		for line := range strings.Lines(set) {
			name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
			f.Add(name, value, "navigate")
			f.Add(name, value, "cors")
		}
	}
	f.Add("Sec-Fetch-Mode", "navigate", "navigate")
	f.Add("Sec-Fetch-Site", "cross-site", "")
	h := handler(f, export(), protectDashboard())
	f.Fuzz(func(t *testing.T, name, value, mode string) {
		name = http.CanonicalHeaderKey(name)
		if name == http.CanonicalHeaderKey(whoHeader) {
			return // that is how these tests sign in
		}
		for _, stranger := range strangers {
			for _, site := range []string{"none", "cross-site"} {
				r := httptest.NewRequest(http.MethodGet, stranger.path, nil)
				r.Header["Sec-Fetch-Site"] = []string{site}
				r.Header["Sec-Fetch-Dest"] = []string{"document"}
				r.Header["Sec-Fetch-Mode"] = []string{mode}
				r.Header[name] = append(r.Header[name], value)
				w := httptest.NewRecorder()
				h.ServeHTTP(w, r)
				if !slices.Contains(stranger.statuses, w.Code) || strings.Contains(w.Body.String(), marker) {
					t.Errorf("%s with %q: %q from %s by %q: status %d\n%s", stranger.path, name, value, site, mode, w.Code, w.Body)
				}
				if w.Header().Get("Cache-Control") != noStore || w.Header().Get("Etag") != "" {
					t.Errorf("%s with %q: %q: the refusal may be kept: %v", stranger.path, name, value, w.Header())
				}
				navigation := slices.Equal(r.Header["Sec-Fetch-Mode"], []string{"navigate"})
				if location := w.Header().Get("Location"); location != "" && (location != "/login?next="+url.QueryEscape(stranger.path) || !navigation) {
					t.Errorf("%s with %q: %q by %q leads to %q", stranger.path, name, value, mode, location)
				}
			}
		}
	})
}

// FuzzConditions requests a public page with conditions and ranges: the answer
// is the page, a part of it, or nothing.
func FuzzConditions(f *testing.F) {
	h := handler(f, without(export(), "about.html.br", "about.html.gz"), protectDashboard())
	get := func(headers map[string]string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, "/about", nil)
		for name, value := range headers {
			if value != "" {
				r.Header[name] = []string{value}
			}
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	whole := get(nil)
	page, tag := whole.Body.String(), whole.Header().Get("Etag")
	for _, list := range []string{
		"", "*", tag, "W/" + tag, `"x"`, `"x", ` + tag, `"x"` + tag, `"x" ` + tag, `,,` + tag, `x, ` + tag, `"x, ` + tag, tag[:len(tag)-1], tag[1:], `w/` + tag, `W/*`, `""`, "**",
	} {
		f.Add(list, "", "")
		f.Add("", list, "bytes=0-3")
	}
	for _, part := range []string{"bytes=0-", "bytes=-1", "bytes=5-4", "bytes=0-0,-1", "bytes=0-,0-,0-", "bytes=99999-", "bytes=-0", "bytes= 1 - 2 ", "items=0-1", "bytes", "bytes=9223372036854775807-"} {
		f.Add("", "", part)
		f.Add(tag, "*", part)
	}
	f.Fuzz(func(t *testing.T, noneMatch, match, part string) {
		w := get(map[string]string{"If-None-Match": noneMatch, "If-Match": match, "Range": part})
		body := w.Body.String()
		multiple := strings.HasPrefix(w.Header().Get("Content-Type"), "multipart/")
		ok := false
		switch w.Code {
		case http.StatusOK:
			ok = body == page
		case http.StatusPartialContent:
			ok = multiple || strings.Contains(page, body)
		case http.StatusNotModified:
			ok = body == "" && (strings.Contains(noneMatch, tag) || strings.Contains(noneMatch, "*"))
		case http.StatusPreconditionFailed:
			ok = match != "" && !strings.Contains(body, "About us")
		case http.StatusRequestedRangeNotSatisfiable:
			ok = part != "" && !strings.Contains(body, "About us")
		}
		if !ok {
			t.Errorf("If-None-Match %q, If-Match %q, Range %q: status %d\n%s", noneMatch, match, part, w.Code, body)
		}
		// A matching tag counts whatever follows it.
		if w := get(map[string]string{"If-None-Match": tag + "," + noneMatch}); w.Code != http.StatusNotModified {
			t.Errorf("If-None-Match %s,%q: status %d", tag, noneMatch, w.Code)
		}
	})
}

// FuzzDev checks that no protected path, however spelled, is forwarded to `next
// dev` for an anonymous caller.
func FuzzDev(f *testing.F) {
	for _, target := range []string{"/", "/about", "/dashboard", "/dashboard/x", "/%64ashboard", "/about/../dashboard", "/about/%2e%2e/dashboard", "//dashboard", `/\dashboard`, "/dashboard;x", "/dashboard%2fx", "/./dashboard", "/_next/../dashboard", "/about%00/../dashboard", "/dashboard.txt", "/%5cdashboard"} {
		f.Add(target)
	}
	var asked []string
	upstream := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { asked = append(asked, r.RequestURI) }))
	f.Cleanup(upstream.Close)
	parsed, err := url.Parse(upstream.URL)
	if err != nil {
		f.Fatal(err)
	}
	h := guarded(site.NewDev(parsed, protectDashboard().Rules))
	f.Fuzz(func(t *testing.T, target string) {
		u, err := url.ParseRequestURI(target)
		if err != nil {
			return // net/http refuses it
		}
		asked = nil
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.URL = u
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		for _, uri := range asked {
			escaped, _, _ := strings.Cut(uri, "?")
			plain, err := url.PathUnescape(escaped)
			if err != nil {
				t.Fatalf("%q: %q is asked", target, uri)
			}
			read := path.Clean("/" + strings.ReplaceAll(plain, `\`, "/"))
			if read == "/dashboard" || strings.HasPrefix(read, "/dashboard/") || strings.ContainsAny(plain, ";\x00") {
				t.Errorf("%q: %q is asked for a stranger", target, uri)
			}
		}
	})
}
