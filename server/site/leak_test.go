package site_test

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"lychgate/server/site"
	"lychgate/server/site/sitetest"
)

// headerSets are sent with the targets. None authenticates.
var headerSets = []string{
	"",
	"Sec-Fetch-Mode: navigate\r\nSec-Fetch-Site: none\r\nSec-Fetch-Dest: document\r\n",
	"Sec-Fetch-Mode: navigate\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Dest: document\r\n",
	"Sec-Fetch-Mode: cors\r\nSec-Fetch-Site: same-origin\r\n",
	"RSC: 1\r\nNext-Router-State-Tree: %5B%22%22%5D\r\nNext-Router-Prefetch: 1\r\n",
	"Next-Router-Segment-Prefetch: /_tree\r\nNext-Url: /about\r\n",
	"Accept-Encoding: br\r\n",
	"Accept-Encoding: gzip;q=1, *;q=0\r\nIf-None-Match: *\r\n",
	"Range: bytes=0-\r\nIf-Range: \"x\"\r\n",
	"If-Match: *\r\n",
	"X-Original-URL: /dashboard\r\nX-Rewrite-URL: /dashboard.html\r\nX-Forwarded-Uri: /about\r\nX-Forwarded-Prefix: /dashboard\r\n",
	"X-Middleware-Subrequest: middleware:middleware:middleware:middleware:middleware\r\nX-Nextjs-Data: 1\r\nX-Matched-Path: /about\r\n",
	"X-HTTP-Method-Override: POST\r\nAuthorization: Bearer x\r\nCookie: accessToken=x; __Host-accessToken=y\r\n",
	"Purpose: prefetch\r\nSec-Purpose: prefetch\r\nService-Worker: script\r\nAccept: text/x-component\r\n",
}

// wire sends one request verbatim and returns the raw answer.
func wire(t testing.TB, address, method, target, headers string) string {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, method+" "+target+" HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n"+headers+"\r\n"); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(bufio.NewReader(conn))
	if err != nil && len(got) == 0 {
		t.Fatalf("%q: %v", target, err)
	}
	return string(got)
}

// leaks describes the leak in an anonymous caller's answer, or returns "".
func leaks(got string) string {
	status, _, _ := strings.Cut(got, "\r\n")
	switch {
	case strings.Contains(got, marker):
		return "holds a protected file"
	case !strings.HasPrefix(got, "HTTP/1.1 "):
		return "is no answer"
	case strings.Contains(status, " 5") && !strings.Contains(status, " 505 "):
		return "blames the server"
	case strings.Contains(got, "\r\nSet-Cookie:"), strings.Contains(got, "\nX-Injected"):
		return "sets what nobody set"
	}
	return ""
}

// TestNothingLeaks is the promise of this package: whatever an anonymous caller
// sends, no answer contains any part of a protected file.
func TestNothingLeaks(t *testing.T) {
	address := start(t).Listener.Addr().String()
	for _, target := range sitetest.Targets(t) {
		for _, headers := range headerSets {
			got := wire(t, address, "GET", target, headers)
			if fault := leaks(got); fault != "" {
				t.Errorf("GET %q with %q %s:\n%s", target, headers, fault, got)
			}
		}
		for _, method := range []string{"HEAD", "POST", "OPTIONS", "CONNECT", "get", "PRI"} {
			got := wire(t, address, method, target, "")
			if fault := leaks(got); fault != "" {
				t.Errorf("%s %q %s:\n%s", method, target, fault, got)
			}
		}
	}

	rounds := 4000
	if testing.Short() {
		rounds = 500
	}
	random := rand.New(rand.NewPCG(20, 26))
	seeds := slices.Concat(sitetest.Targets(t), clean(export()))
	served := 0
	for range rounds {
		target := mutated(random, seeds)
		headers := headerSets[random.IntN(len(headerSets))]
		got := wire(t, address, "GET", target, headers)
		if fault := leaks(got); fault != "" {
			t.Errorf("GET %q with %q %s:\n%s", target, headers, fault, got)
		}
		if strings.HasPrefix(got, "HTTP/1.1 200") {
			served++
		}
	}
	if served < rounds/50 {
		t.Errorf("of %d generated targets %d led anywhere: they prove little", rounds, served)
	}
}

// A signed-in caller's same requests find the files, so that the test above
// does not pass only because there is nothing to find.
func TestSomethingToLeak(t *testing.T) {
	address := start(t).Listener.Addr().String()
	found := 0
	for _, target := range sitetest.Targets(t) {
		got := wire(t, address, "GET", target, whoHeader+": "+alice+"\r\n")
		if strings.Contains(got, marker) {
			found++
		}
	}
	if found < 50 {
		t.Errorf("%d targets lead to a protected file", found)
	}
}

// clean returns the addresses of all files.
func clean(files fstest.MapFS) []string {
	var addresses []string
	for name := range files {
		escaped := (&url.URL{Path: "/" + name}).EscapedPath()
		addresses = append(addresses, escaped, strings.TrimSuffix(escaped, ".html"))
	}
	slices.Sort(addresses)
	return addresses
}

// pieces are inserted before, into and after a target.
var pieces = []string{
	"/", "//", "/.", "/..", "/./", "/../", "%2f", "%2F", "%5c", `\`, "%2e", "%2e%2e", "..%2f", ";", ";x=1", "%3b", "%00", "%0a", "%20", "%25", "%",
	"%ff", "%c0%af", "?", "?_rsc=1", "#", "#x", ".html", ".txt", ".br", ".gz", ".js", ".json", ".rsc", ".", "~", "*", "+", ":", "@", "&", "=",
	"/dashboard", "dashboard", "/dashboard.html", "/dashboard/", "/about", "/about/../", "/api/", "/api/..", "/_next/", "/_next/static/", "/_next/static/chunks/",
	"/__next._tree.txt", "/__next._full.txt", "/index.html", "index", "http://example.com", "http://example.com/", "https:", "\u00e9", "\uff0f", "\x80", "\x7f",
}

func mutated(random *rand.Rand, seeds []string) string {
	target := seeds[random.IntN(len(seeds))]
	for range random.IntN(4) {
		at := random.IntN(len(target) + 1)
		piece := pieces[random.IntN(len(pieces))]
		switch random.IntN(9) {
		case 0:
			target += piece
		case 1:
			target = piece + target
		case 2:
			target = target[:at] + piece + target[at:]
		case 3, 4: // another spelling of one byte
			if at < len(target) {
				format := []string{"%%%02x", "%%%02X", "%%25%02x"}[random.IntN(3)]
				target = target[:at] + fmt.Sprintf(format, target[at]) + target[at+1:]
			}
		case 5: // another case
			if at < len(target) && target[at]|0x20 >= 'a' && target[at]|0x20 <= 'z' {
				target = target[:at] + string(target[at]^0x20) + target[at+1:]
			}
		case 6:
			if at < len(target) {
				target = target[:at] + target[at+1:]
			}
		case 7:
			target = strings.Replace(target, "/", piece, 1)
		case 8:
			target = target[:at] + seeds[random.IntN(len(seeds))]
		}
	}
	if target = strings.NewReplacer("\r", "", "\n", "").Replace(target); target == "" {
		return "/"
	}
	return target
}

// FuzzResolve requests any path, including those no URL parser produces, as an
// anonymous caller and as all others.
func FuzzResolve(f *testing.F) {
	for _, target := range append(sitetest.Targets(f), clean(sitetest.Gated())...) {
		f.Add(target, "")
		f.Add(strings.TrimPrefix(target, "/"), target)
	}
	h := handler(f, export(), protectDashboard())
	gated := handler(f, sitetest.Gated(), site.Options{Rules: readPolicy(sitetest.GatedRules).Rules})
	f.Fuzz(func(t *testing.T, path, rawPath string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.URL = &url.URL{Path: path, RawPath: rawPath}
		for who := range callers {
			r.Header.Set(whoHeader, who)
			w := httptest.NewRecorder()
			gated.ServeHTTP(w, r)
			if text := sees(who, w.Body.String()); text != "" || w.Code >= 500 {
				t.Errorf("path %q, raw %q gives %q what is marked %q: %d", path, rawPath, who, text, w.Code)
			}
		}
		r.Header.Del(whoHeader)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if strings.Contains(w.Body.String(), marker) {
			t.Errorf("path %q, raw %q holds a protected file", path, rawPath)
		}
		if w.Code >= 500 {
			t.Errorf("path %q, raw %q: %d", path, rawPath, w.Code)
		}
		if to := w.Header().Get("Location"); to != "" && (!strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//")) {
			t.Errorf("path %q, raw %q leads to %q", path, rawPath, to)
		}
	})
}
