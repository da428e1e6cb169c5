package site_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
)

func without(files fstest.MapFS, names ...string) fstest.MapFS {
	for _, name := range names {
		delete(files, name)
		delete(files, name+".br")
		delete(files, name+".gz")
	}
	return files
}

func TestAddresses(t *testing.T) {
	files := export()
	for name, content := range map[string]string{
		"both.html": "flat", "both/index.html": "folder",
		"exact": "exact", "exact.html": "page of exact",
		"caf\u00e9.html": "caf\u00e9", "a b.html": "space", "100%.html": "percent", "a+b.html": "plus",
		"_next/static/chunks/frame.html": "no page",
		"dashboard.html.html":            marker,
		"a;b":                            "semicolon", `a\b`: "backslash", "a\nb": "control", "a\x7fb": "delete",
	} {
		files[name] = &fstest.MapFile{Data: []byte(content)}
	}
	server := httptest.NewServer(handler(t, files, protectDashboard()))
	defer server.Close()
	run(t, server, []request{
		{name: "root", path: "/", status: 200, holds: "Home"},
		{name: "no path at all", path: "", status: 200, holds: "Home"},
		{name: "index.html", path: "/index.html", status: 200, holds: "Home"},
		{name: "index.txt", path: "/index.txt", status: 200, holds: "Home"},
		{name: "index is no page", path: "/index", status: 404},
		{name: "page", path: "/about", status: 200, holds: "About us"},
		{name: "page with query", path: "/about?x=/dashboard", status: 200, holds: "About us"},
		{name: "file of the page", path: "/about.html", status: 200, holds: "About us"},
		{name: "nested page", path: "/docs/intro", status: 200, holds: "Introduction"},
		{name: "folder", path: "/sub", status: 200, body: "sub"},
		{name: "index of a folder", path: "/sub/index.html", status: 200, body: "sub"},
		{name: "flat before folder", path: "/both", status: 200, body: "flat"},
		{name: "the folder keeps its file", path: "/both/index.html", status: 200, body: "folder"},
		{name: "exact name first", path: "/exact", status: 200, body: "exact"},
		{name: "and the page its file", path: "/exact.html", status: 200, body: "page of exact"},
		{name: "UTF-8", path: "/caf%C3%A9", status: 200, body: "caf\u00e9"},
		{name: "UTF-8, not escaped", path: "/caf\u00e9", status: 200, body: "caf\u00e9"},
		{name: "space", path: "/a%20b", status: 200, body: "space"},
		{name: "plus is no space", path: "/a+b", status: 200, body: "plus"},
		{name: "percent", path: "/100%25", status: 200, body: "percent"},
		{name: "nothing of the build is a page", path: "/_next/static/chunks/frame", status: 404},
		{name: "lone archive", path: "/archive.tar.gz", status: 200, body: "an archive", want: header{"Content-Type": "application/gzip", "Content-Encoding": "", "Vary": ""}},
		{name: "no variant of a png", path: "/photo.png.gz", status: 200, body: "not a variant"},
		{name: "png has no variant", path: "/photo.png", send: header{"Accept-Encoding": "gzip"}, status: 200, body: "png", want: header{"Content-Encoding": "", "Vary": ""}},
		{name: "semicolon", path: "/a%3bb", status: 404},
		{name: "backslash", path: "/a%5cb", status: 404},
		{name: "control", path: "/a%0ab", status: 404},
		{name: "delete", path: "/a%7fb", status: 404},
		{name: "any protected address protects", path: "/dashboard.html.html", status: 303},
	})
}

// A compressed page without its base file is just as protected.
func TestLoneVariants(t *testing.T) {
	files := fstest.MapFS{}
	for _, name := range []string{"dashboard.html.br", "dashboard.txt.gz", "dashboard.gz", "dashboard.html.gz.br", "_next/static/chunks/x.js.br"} {
		files[name] = &fstest.MapFile{Data: []byte(marker)}
	}
	server := httptest.NewServer(handler(t, files, protectDashboard()))
	defer server.Close()
	for name := range files {
		if got := ask(t, server, "GET", "/"+name, nil); got.status == 200 || strings.Contains(got.body, marker) {
			t.Errorf("%s: %v", name, got)
		}
		if got := ask(t, server, "GET", "/"+name, signedIn); got.status != 200 || got.body != marker {
			t.Errorf("%s, signed in: %v", name, got)
		}
	}
}

func TestContentTypesAndCaching(t *testing.T) {
	immutable := "public, max-age=31536000, immutable"
	server := start(t)
	for _, tt := range []struct{ path, contentType, cacheControl string }{
		{"/", "text/html; charset=utf-8", "no-cache"},
		{"/about.txt", "text/plain; charset=utf-8", "no-cache"},
		{"/about/__next._tree.txt", "text/plain; charset=utf-8", "no-cache"},
		{"/robots.txt", "text/plain; charset=utf-8", "no-cache"},
		{"/favicon.ico", "image/x-icon", "no-cache"},
		{"/site.webmanifest", "application/manifest+json", "no-cache"},
		{"/dashboard.png", "image/png", "no-cache"},
		{"/_next/static/chunks/home.js", "text/javascript; charset=utf-8", immutable},
		{"/_next/static/chunks/site.css", "text/css; charset=utf-8", immutable},
		{"/_next/static/media/serif.woff2", "font/woff2", immutable},
		{"/_next/static/media/paper.svg", "image/svg+xml", immutable},
		{"/_next/static/lychgate/_buildManifest.js", "text/javascript; charset=utf-8", "no-cache"},
		{"/_next/data/lychgate/about.json", "application/json", "no-cache"},
	} {
		for _, method := range []string{"GET", "HEAD"} {
			got := ask(t, server, method, tt.path, nil)
			if got.status != 200 || got.header.Get("Content-Type") != tt.contentType || got.header.Get("Cache-Control") != tt.cacheControl {
				t.Errorf("%s %s: %v, want %q and %q", method, tt.path, got, tt.contentType, tt.cacheControl)
			}
			if tag := got.header.Get("ETag"); len(tag) < 20 || tag[0] != '"' {
				t.Errorf("%s %s: ETag %q, want a strong one", method, tt.path, tag)
			}
			if got.header.Get("Content-Length") == "" || (method == "HEAD") != (got.body == "") {
				t.Errorf("%s %s: length %q, body %q", method, tt.path, got.header.Get("Content-Length"), got.body)
			}
		}
	}
}

func TestNegotiation(t *testing.T) {
	server := start(t)
	for _, tt := range []struct{ accept, coding string }{
		{"", ""}, {"br", "br"}, {"gzip", "gzip"}, {"gzip, deflate, br, zstd", "br"}, {"gzip,br", "br"}, {"br, gzip", "br"},
		{"x-gzip", "gzip"}, {"GZIP", "gzip"}, {"Br", "br"}, {"deflate", ""}, {"*", "br"}, {"identity", ""},
		{"br;q=0", ""}, {"br;q=0, gzip", "gzip"}, {"br;q=0.5, gzip;q=0.8", "gzip"}, {"br;q=0.8, gzip;q=0.8", "br"},
		{"br;q=0.8, gzip;q=0.5", "br"}, {"gzip;q=0.5", "gzip"}, {"gzip;q=0.5, identity", ""}, {"gzip;q=0.5, identity;q=0.5", "gzip"},
		{"gzip;q=0.5, identity;q=0.4", "gzip"}, {"*;q=0", ""}, {"*;q=0, gzip", "gzip"}, {"*;q=0, br;q=0.001", "br"},
		{"gzip, *;q=0", "gzip"}, {"br;q=0, *", "gzip"}, {"gzip;q=0.5, *;q=0.9", "br"}, {"identity;q=0", ""},
		{"identity;q=0, gzip;q=0", ""}, {"identity;q=0, *", "br"}, {"identity;q=1, *;q=0.5", ""},
		{"gzip ; q=0.5 , br ; q=0.4", "gzip"}, {"gzip;Q=1", "gzip"}, {" , br ,, ", "br"}, {"gzip;q=1.000", "gzip"}, {"gzip;q=0.", ""},
		{"gzip;q=1.", "gzip"}, {"br\t;\tq=1", "br"}, {"gzip;q=0.000, br;q=0.00", ""},
		// Malformed: ignored.
		{"gzip;q=2", ""}, {"gzip;q=-1", ""}, {"gzip;q=0.0001", ""}, {"gzip;q=1.001", ""}, {"gzip;q=", ""}, {"gzip;", ""},
		{"gzip;q=a", ""}, {"gzip;level=9", ""}, {"gzip;q=1;x=2", ""}, {"gzip;q= 1", ""}, {"gzip br", ""}, {"br, gzip;q=x", ""}, {";q=1", ""},
		{"\"br\"", ""}, {"gzip;q=0,5", ""}, {"gzip;q=.5", ""},
	} {
		got := ask(t, server, "GET", "/about", header{"Accept-Encoding": tt.accept})
		body := map[string]string{"": "<!doctype html>", "br": "br of about.html ", "gzip": "gz of about.html "}[tt.coding]
		if got.status != 200 || got.header.Get("Content-Encoding") != tt.coding || !strings.HasPrefix(got.body, body) {
			t.Errorf("Accept-Encoding %q: %v, want %q", tt.accept, got, tt.coding)
		}
		if got.header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("Accept-Encoding %q: Vary %q", tt.accept, got.header.Get("Vary"))
		}
		if got.header.Get("Content-Type") != "text/html; charset=utf-8" {
			t.Errorf("Accept-Encoding %q: Content-Type %q", tt.accept, got.header.Get("Content-Type"))
		}
	}
}

func TestNegotiationOverLines(t *testing.T) {
	r := httptest.NewRequest("GET", "/about", nil)
	r.Header["Accept-Encoding"] = []string{"gzip;q=0.5", "br;q=0.4"}
	w := httptest.NewRecorder()
	handler(t, export(), protectDashboard()).ServeHTTP(w, r)
	if got := w.Header().Get("Content-Encoding"); got != "gzip" {
		t.Errorf("Content-Encoding %q, want gzip", got)
	}
}

func TestVariantsAreOfTheirOwn(t *testing.T) {
	files := export()
	delete(files, "about.html.br") // gzip alone
	files["login.html.gz"] = &fstest.MapFile{Data: files["login.html"].Data}
	server := httptest.NewServer(handler(t, files, protectDashboard()))
	defer server.Close()
	run(t, server, []request{
		{name: "gzip where there is no br", path: "/about", send: header{"Accept-Encoding": "br, gzip;q=0.1"}, status: 200, want: header{"Content-Encoding": "gzip"}},
		{name: "identity where there is no br", path: "/about", send: header{"Accept-Encoding": "br"}, status: 200, want: header{"Content-Encoding": "", "Vary": "Accept-Encoding"}},
		{name: "no variants", path: "/robots.txt", send: header{"Accept-Encoding": "br, gzip"}, status: 200, want: header{"Content-Encoding": "", "Vary": ""}},
	})
	plain := ask(t, server, "GET", "/login", nil).header.Get("ETag")
	packed := ask(t, server, "GET", "/login", header{"Accept-Encoding": "gzip"}).header.Get("ETag")
	if plain == packed {
		t.Errorf("ETag %s for two representations", plain)
	}
}

func TestConditional(t *testing.T) {
	server := start(t)
	plain := ask(t, server, "GET", "/about", nil)
	packed := ask(t, server, "GET", "/about", header{"Accept-Encoding": "br"})
	tag, packedTag := plain.header.Get("ETag"), packed.header.Get("ETag")
	if tag == packedTag {
		t.Fatalf("one ETag %s for two representations", tag)
	}
	notModified := header{
		"ETag": tag, "Vary": "Accept-Encoding", "Cache-Control": "no-cache", "Content-Encoding": "", "Content-Type": "",
		"Content-Length": "", "Content-Security-Policy": plain.header.Get("Content-Security-Policy"),
	}
	asset := ask(t, server, "GET", "/_next/static/chunks/dashboard.js", signedIn).header.Get("ETag")
	run(t, server, []request{
		{name: "same", path: "/about", send: header{"If-None-Match": tag}, status: 304, want: notModified, empty: true},
		{name: "same, HEAD", method: "HEAD", path: "/about", send: header{"If-None-Match": tag}, status: 304, want: notModified},
		{name: "weak", path: "/about", send: header{"If-None-Match": "W/" + tag}, status: 304, want: notModified},
		{name: "list", path: "/about", send: header{"If-None-Match": `"a, b", W/"c" ,` + tag + `, "d"`}, status: 304, want: notModified},
		{name: "star", path: "/about", send: header{"If-None-Match": "*"}, status: 304, want: notModified},
		{name: "same of br", path: "/about", send: header{"If-None-Match": packedTag, "Accept-Encoding": "br"}, status: 304, want: notModified.with(header{"ETag": packedTag})},
		{name: "br held, identity asked", path: "/about", send: header{"If-None-Match": packedTag}, status: 200, holds: "About us"},
		{name: "identity held, br asked", path: "/about", send: header{"If-None-Match": tag, "Accept-Encoding": "br"}, status: 200, holds: "br of"},
		{name: "other", path: "/about", send: header{"If-None-Match": `"other"`}, status: 200, holds: "About us"},
		{name: "unquoted", path: "/about", send: header{"If-None-Match": strings.Trim(tag, `"`)}, status: 200},
		{name: "cut", path: "/about", send: header{"If-None-Match": tag[:len(tag)-1]}, status: 200},
		{name: "inside another", path: "/about", send: header{"If-None-Match": `"x` + tag[1:]}, status: 200},
		{name: "malformed before it", path: "/about", send: header{"If-None-Match": `oops, ` + tag}, status: 200},
		{name: "empty", path: "/about", send: header{"If-None-Match": ""}, status: 200},
		{name: "star in a list", path: "/about", send: header{"If-None-Match": `*, "x"`}, status: 200},
		{name: "time is no validator here", path: "/about", send: header{"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"}, status: 200},
		{name: "if-match", path: "/about", send: header{"If-Match": tag}, status: 200, holds: "About us"},
		{name: "if-match of another", path: "/about", send: header{"If-Match": `"other"`}, status: 412},
		{name: "public asset", path: "/_next/static/chunks/home.js", send: header{"If-None-Match": "*"}, status: 304, want: header{"Cache-Control": "public, max-age=31536000, immutable"}},
		{name: "protected asset, signed out", path: "/_next/static/chunks/dashboard.js", send: header{"If-None-Match": asset}, status: 404},
		{name: "protected asset", path: "/_next/static/chunks/dashboard.js", send: signedIn.with(header{"If-None-Match": asset}), status: 304, want: header{"Cache-Control": "private, max-age=31536000, immutable"}},
	})
}

func TestRanges(t *testing.T) {
	server := start(t)
	font := "/_next/static/media/serif.woff2"
	tag := ask(t, server, "GET", font, nil).header.Get("ETag")
	run(t, server, []request{
		{name: "offered", path: font, status: 200, want: header{"Accept-Ranges": "bytes"}},
		{name: "part", path: font, send: header{"Range": "bytes=1-2"}, status: 206, body: "on", want: header{"Content-Range": "bytes 1-2/4", "Content-Type": "font/woff2", "Content-Length": "2"}},
		{name: "part, HEAD", method: "HEAD", path: font, send: header{"Range": "bytes=1-2"}, status: 206, empty: true},
		{name: "part of what is held", path: font, send: header{"Range": "bytes=1-2", "If-Range": tag}, status: 206, body: "on"},
		{name: "part of what has changed", path: font, send: header{"Range": "bytes=1-2", "If-Range": `"x"`}, status: 200, body: "font"},
		{name: "outside", path: font, send: header{"Range": "bytes=9-"}, status: 416},
		{name: "of a file with variants", path: "/about", send: header{"Range": "bytes=0-8", "Accept-Encoding": "br"}, status: 206, body: "<!doctype", want: header{"Content-Encoding": "", "Vary": "Accept-Encoding"}},
		{name: "not modified", path: font, send: header{"Range": "bytes=0-1", "If-None-Match": tag}, status: 304},
		{name: "protected, signed out", path: "/dashboard/plan.pdf", send: header{"Range": "bytes=0-1"}, status: 303},
		{name: "protected", path: "/dashboard/plan.pdf", send: signedIn.with(header{"Range": "bytes=0-1"}), status: 206, body: "pr", want: header{"Cache-Control": "private, no-store"}},
	})
}

func TestAnswersAreOfTheirOwn(t *testing.T) {
	// Header values are shared between answers; changes by one request must not
	// show in another.
	h := handler(t, export(), protectDashboard())
	for range 2 {
		w := httptest.NewRecorder()
		w.Header().Set("Vary", "Origin")
		h.ServeHTTP(w, httptest.NewRequest("GET", "/about", nil))
		w.Header().Add("Content-Security-Policy", "sandbox")
		w.Header().Add("Cache-Control", "x")
		if got := w.Header().Values("Vary"); len(got) != 2 {
			t.Errorf("Vary %q", got)
		}
		w = httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", "/about", nil))
		if got := w.Header().Values("Cache-Control"); len(got) != 1 || got[0] != "no-cache" {
			t.Errorf("Cache-Control %q", got)
		}
	}
}

func TestManyAtOnce(t *testing.T) {
	h := handler(t, export(), protectDashboard())
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for _, path := range []string{"/about", "/dashboard", "/nowhere", "/_next/static/chunks/home.js", "/about/"} {
				w := httptest.NewRecorder()
				h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
				w.Header().Add("Cache-Control", "x")
				w.Header().Add("Vary", "x")
			}
		})
	}
	all.Wait()
}

// Targets that no client derives from a URL.
func TestOtherForms(t *testing.T) {
	address := start(t).Listener.Addr().String()
	for _, tt := range []struct{ target, status, holds string }{
		{"http://example.com", "200", "Home"},
		{"http://example.com/", "200", "Home"},
		{"http://example.com?x", "200", "Home"},
		{"http://example.com/about", "200", "About us"},
		{"http://example.com/dashboard", "303", "Location: /login?next=%2Fdashboard\r\n"},
		{"http://example.com//about", "404", "Lost"},
		{"//about", "404", "Lost"},
		{"*", "404", "Lost"},
		{"http:about", "404", "Lost"},
		{`/dashboard\settings`, "404", "Lost"},
		{`/dashboard/\settings`, "303", "Location: /login?next=%2Fdashboard\r\n"},
		{"/dashboard\xff", "404", "Lost"},
		{"/dashboard/\xff", "303", "Location: /login?next=%2Fdashboard\r\n"},
		{"/dashboard?a#b", "303", "Location: /login?next=%2Fdashboard\r\n"},
		{"/about/?a#b", "308", "Location: /about?a#b\r\n"},
	} {
		got := wire(t, address, "GET", tt.target, "")
		if !strings.HasPrefix(got, "HTTP/1.1 "+tt.status) || !strings.Contains(got, tt.holds) {
			t.Errorf("GET %q: want %s with %q, got\n%s", tt.target, tt.status, tt.holds, got)
		}
	}
}

func FuzzAcceptEncoding(f *testing.F) {
	for _, seed := range []string{"", "br", "gzip;q=0.5, *;q=0", "identity;q=0", ";;,,;q=", "br;q=1.0000", "\x00"} {
		f.Add(seed)
	}
	h := handler(f, export(), protectDashboard())
	f.Fuzz(func(t *testing.T, accept string) {
		r := httptest.NewRequest("GET", "/about", nil)
		r.Header["Accept-Encoding"] = []string{accept}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		lower := strings.ToLower(accept)
		named := func(coding string) bool { return strings.Contains(lower, coding) || strings.Contains(lower, "*") }
		coding, body := w.Header().Get("Content-Encoding"), w.Body.String()
		ok := w.Code == http.StatusOK
		switch coding {
		case "":
			ok = ok && strings.HasPrefix(body, "<!doctype")
		case "br", "gzip":
			ok = ok && named(coding) && strings.HasPrefix(body, coding[:1]) && strings.Contains(body, " of about.html")
		default:
			ok = false
		}
		if !ok {
			t.Errorf("Accept-Encoding %q: %d %q %q", accept, w.Code, coding, body)
		}
	})
}

// The type of files without a suffix, and of those in .well-known, comes from
// their content: programs accept apple-app-site-association and the like only
// as JSON.
func TestMediaTypes(t *testing.T) {
	const json, text, bytes = "application/json", "text/plain; charset=utf-8", "application/octet-stream"
	files := fstest.MapFS{}
	want := map[string]string{}
	for _, f := range []struct{ name, content, contentType string }{
		{".well-known/apple-app-site-association", `{"applinks":{}}`, json},
		{"apple-app-site-association", "\n [{}]\n", json},
		{".well-known/openid-configuration", `{"issuer":"https://x.example"}`, json},
		{".well-known/matrix/client", `{}`, json},
		{".well-known/nodeinfo/2.0", `{"version":"2.0"}`, json},
		{".well-known/assetlinks.json", `[]`, json},
		{".well-known/security.txt", "Contact: mailto:ada@example.com\n", text},
		{".well-known/atproto-did", "did:plc:x\n", text},
		{".well-known/acme-challenge/token", "token.thumbprint", text},
		{".well-known/half-json", `{"applinks":`, text},
		{".well-known/signed", "0\x80\x06\x09*\x86", bytes},
		{"LICENSE", "Do as you like. é\n", text},
		{"binary", "\x00\x01", bytes},
		{"unknown.suffix", "{}", bytes},
		{"calendar.ics", "BEGIN:VCALENDAR", "text/calendar; charset=utf-8"},
		{"CALENDAR.ICS", "BEGIN:VCALENDAR", "text/calendar; charset=utf-8"},
		{"card.vcf", "BEGIN:VCARD", "text/vcard; charset=utf-8"},
		{"film.m4v", "x", "video/mp4"},
		{"film.mov", "x", "video/quicktime"},
		{"film.ogv", "x", "video/ogg"},
		{"live.m3u8", "#EXTM3U", "application/vnd.apple.mpegurl"},
		{"live.ts", "G", "video/mp2t"},
		{"sound.oga", "x", "audio/ogg"},
		{"sound.opus", "x", "audio/ogg"},
		{"sound.flac", "x", "audio/flac"},
		{"sound.aac", "x", "audio/aac"},
		{"picture.heic", "x", "image/heic"},
		{"picture.jxl", "x", "image/jxl"},
		{"model.glb", "x", "model/gltf-binary"},
		{"map.geojson", "{}", "application/geo+json"},
		{"data.jsonld", "{}", "application/ld+json"},
		{"api.yaml", "a: 1", "application/yaml"},
		{"app.webmanifest", "{}", "application/manifest+json"},
		{"ticket.pkpass", "x", "application/vnd.apple.pkpass"},
		{"code.wasm", "x", "application/wasm"},
	} {
		files[f.name] = &fstest.MapFile{Data: []byte(f.content)}
		want["/"+f.name] = f.contentType
	}
	server := httptest.NewServer(handler(t, files, protectDashboard()))
	defer server.Close()
	for path, contentType := range want {
		if got := ask(t, server, "GET", path, nil); got.status != 200 || got.header.Get("Content-Type") != contentType {
			t.Errorf("%s: %v, want %q", path, got, contentType)
		}
	}
}

// Password managers request the page to change a password.
func TestChangePassword(t *testing.T) {
	const wellKnown = "/.well-known/change-password"
	files := export()
	without := httptest.NewServer(handler(t, files, protectDashboard()))
	defer without.Close()
	run(t, without, []request{{name: "no such page", path: wellKnown, status: 404}})

	files["dashboard/settings/security.html"] = &fstest.MapFile{Data: []byte(marker)}
	server := httptest.NewServer(handler(t, files, protectDashboard()))
	defer server.Close()
	leads := header{"Location": "/dashboard/settings/security", "Cache-Control": "no-store"}
	run(t, server, []request{
		{name: "stranger", path: wellKnown, status: 303, want: leads, empty: true},
		{name: "person", path: wellKnown, send: signedIn, status: 303, want: leads},
		{name: "HEAD", method: "HEAD", path: wellKnown, status: 303, want: leads},
		{name: "POST", method: "POST", path: wellKnown, status: 405},
		{name: "spelled otherwise", path: "/.well-known/change%2Dpassword", status: 404},
		{name: "what must not exist", path: "/.well-known/resource-that-should-not-exist-whose-status-code-should-not-be-200", status: 404},
		{name: "the page asks a stranger to sign in", path: "/dashboard/settings/security", status: 303, want: header{"Location": "/login?next=%2Fdashboard%2Fsettings%2Fsecurity"}},
	})

	files[wellKnown[1:]] = &fstest.MapFile{Data: []byte("own")}
	own := httptest.NewServer(handler(t, files, protectDashboard()))
	defer own.Close()
	run(t, own, []request{{name: "a file of the export", path: wellKnown, status: 200, body: "own"}})
}

// Other sites cannot embed protected files. A file hidden from the caller gives
// itself away no more than a missing one.
func TestResourcePolicy(t *testing.T) {
	const name = "Cross-Origin-Resource-Policy"
	own, none := header{name: "same-origin"}, header{name: ""}
	run(t, start(t), []request{
		{name: "protected page", path: "/dashboard", send: signedIn, status: 200, want: own},
		{name: "its payload", path: "/dashboard.txt", send: signedIn, status: 200, want: own},
		{name: "its file", path: "/dashboard/plan.pdf", send: signedIn, status: 200, want: own},
		{name: "a part of it", path: "/dashboard/plan.pdf", send: signedIn.with(header{"Range": "bytes=0-1"}), status: 206, want: own},
		{name: "its chunk", path: "/_next/static/chunks/dashboard.js", send: signedIn, status: 200, want: own},
		{name: "refused navigation", path: "/dashboard", status: 303, want: own},
		{name: "refused payload", path: "/dashboard.txt", status: 401, want: own},
		{name: "nothing below", path: "/dashboard/nothing", send: signedIn, status: 404, want: own},
		{name: "refused chunk", path: "/_next/static/chunks/dashboard.js", status: 404, want: none},
		{name: "no chunk", path: "/_next/static/chunks/nothing.js", status: 404, want: none},
		{name: "public page", path: "/about", status: 200, want: none},
		{name: "public chunk", path: "/_next/static/chunks/home.js", status: 200, want: none},
		{name: "public file", path: "/robots.txt", status: 200, want: none},
	})
}
