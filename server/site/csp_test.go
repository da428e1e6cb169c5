package site_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"lychgate/server/site"
)

// trustedTypes is the addition to the policy of a page made for it.
const trustedTypes = "; require-trusted-types-for 'script'; trusted-types default nextjs"

// policy is the expected policy of a page with these inline scripts, without
// Trusted Types.
func policy(scripts ...string) string {
	hashes := ""
	for _, script := range scripts {
		sum := sha256.Sum256([]byte(script))
		hashes += " 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	return "default-src 'none'; script-src 'self'" + hashes + "; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; " +
		"connect-src 'self'; media-src 'self' data: blob:; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
}

func TestContentSecurityPolicy(t *testing.T) {
	for _, tt := range []struct {
		name, page string
		scripts    []string
	}{
		{"none", `<p>hello</p>`, nil},
		{"one", `<script>a()</script>`, []string{"a()"}},
		{"in order, each once", `<script>b()</script><script>a()</script><script>b()</script>`, []string{"b()", "a()"}},
		{"spaces count", "<script> a() \n</script>", []string{" a() \n"}},
		{"line ends as browsers see them", "<script>a()\r\nb()\rc()</script>", []string{"a()\nb()\nc()"}},
		{"entities stay", `<script>a("&amp;")</script>`, []string{`a("&amp;")`}},
		{"UTF-8", `<script>a("é")</script>`, []string{`a("é")`}},
		{"markup inside", `<script>a("<b></b><!-- x -->")</script>`, []string{`a("<b></b><!-- x -->")`}},
		{"src", `<script src="/x.js">a()</script>`, nil},
		{"empty src", `<script src>a()</script>`, nil},
		{"empty", `<script></script>`, nil},
		{"capitals", `<SCRIPT TYPE="MODULE">a()</SCRIPT>`, []string{"a()"}},
		{"module", `<script type="module">a()</script>`, []string{"a()"}},
		{"nomodule", `<script nomodule="">a()</script>`, []string{"a()"}},
		{"type", `<script type="text/javascript">a()</script><script type=" application/javascript ">b()</script>`, []string{"a()", "b()"}},
		{"empty type", `<script type="">a()</script>`, []string{"a()"}},
		{"import map", `<script type="importmap">{}</script>`, []string{"{}"}},
		{"speculation rules", `<script type="speculationrules">{}</script>`, []string{"{}"}},
		{"language", `<script language="JavaScript">a()</script><script language="vbscript">b()</script>`, []string{"a()"}},
		{"type before language", `<script type="" language="vbscript">a()</script>`, []string{"a()"}},
		{"data", `<script type="application/json">{}</script><script type="application/ld+json">{}</script><script type="text/template">x</script>`, nil},
		{"type with parameters is data", `<script type="text/javascript; charset=utf-8">a()</script>`, nil},
		{"closed by itself is open", `<script/>a()</script>`, []string{"a()"}},
		{"comment", `<!-- <script>a()</script> -->`, nil},
		{"text area", `<textarea><script>a()</script></textarea>`, nil},
		{"attribute", `<p title="<script>a()</script>">x</p>`, nil},
		{"open to the end", `<script>a()`, []string{"a()"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			// A page not made for Trusted Types.
			page := &fstest.MapFile{Data: []byte(`<script src="/x.js"></script>` + tt.page)}
			server := httptest.NewServer(handler(t, fstest.MapFS{
				"p.html": page, "dashboard.html": page, "404.html": page,
			}, protectDashboard()))
			defer server.Close()
			want := header{"Content-Security-Policy": policy(tt.scripts...)}
			run(t, server, []request{
				{name: "page", path: "/p", status: 200, want: want},
				{name: "page, HEAD", method: "HEAD", path: "/p", status: 200, want: want},
				{name: "protected", path: "/dashboard", send: signedIn, status: 200, want: want},
				{name: "404", path: "/nowhere", status: 404, want: want},
				{name: "part", path: "/p", send: header{"Range": "bytes=0-0"}, status: 206, want: want},
			})
		})
	}
}

// Trusted Types are required of pages made for them and of pages without
// scripts. A page with scripts but without the policy "default" would break.
func TestTrustedTypes(t *testing.T) {
	const makesPolicy = `<script>trustedTypes.createPolicy("default",{})</script>`
	for _, tt := range []struct {
		name, page string
		want       bool
	}{
		{"no script", `<p>hello</p>`, true},
		{"data alone", `<script type="application/json">{}</script>`, true},
		{"made for them", makesPolicy + `<script src="/x.js"></script>`, true},
		{"in any place", `<script src="/x.js"></script><script>a()</script>` + makesPolicy, true},
		{"other quotes and spaces", "<script>window.trustedTypes?.createPolicy( 'default' , {})</script>", true},
		{"template quotes", "<script>trustedTypes.createPolicy(`default`,{})</script>", true},
		{"script of its own", `<script>a()</script>`, false},
		{"script of a file", `<script src="/x.js"></script>`, false},
		{"another policy", `<script>trustedTypes.createPolicy("nextjs",{})</script>`, false},
		{"words about it", `<p>createPolicy("default")</p><script>a()</script>`, false},
		{"data about it", `<script type="text/template">createPolicy("default")</script><script>a()</script>`, false},
		{"the policy in a file", `<script src="/x.js">createPolicy("default")</script>`, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server := httptest.NewServer(handler(t, fstest.MapFS{"p.html": {Data: []byte(tt.page)}}, protectDashboard()))
			defer server.Close()
			got := ask(t, server, "GET", "/p", nil).header.Get("Content-Security-Policy")
			if strings.HasSuffix(got, trustedTypes) != tt.want || strings.Contains(got, "trusted-types") != tt.want {
				t.Errorf("Trusted Types wanted: %t, policy %s", tt.want, got)
			}
		})
	}
}

func TestOtherAnswersKeepTheBaseline(t *testing.T) {
	want := header{"Content-Security-Policy": baseline}
	run(t, start(t), []request{
		{name: "payload", path: "/about.txt", status: 200, want: want},
		{name: "style sheet", path: "/_next/static/chunks/site.css", status: 200, want: want},
		{name: "303", path: "/dashboard", status: 303, want: want},
		{name: "401", path: "/dashboard.txt", status: 401, want: want},
		{name: "404 of a payload", path: "/nowhere.txt", status: 404, want: want},
		{name: "405", method: "POST", path: "/", status: 405, want: want},
		{name: "308", path: "/about/", status: 308, want: want},
		{name: "router", path: "/api/x", status: 200, want: want},
	})
	if p := policy(); strings.Contains(p, "unsafe") {
		t.Error(p)
	}
}

// A script's own policy applies to workers started from it.
func TestScriptsCarryThePolicyOfWorkers(t *testing.T) {
	want := header{"Content-Security-Policy": "default-src 'none'; script-src 'self'; font-src 'self'; connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"}
	files := export()
	files["worker.mjs"] = &fstest.MapFile{Data: []byte("1")}
	server := httptest.NewServer(handler(t, files, protectDashboard()))
	defer server.Close()
	run(t, server, []request{
		{name: "chunk", path: "/_next/static/chunks/about.js", status: 200, want: want},
		{name: "part of it", path: "/_next/static/chunks/about.js", send: header{"Range": "bytes=0-0"}, status: 206, want: want},
		{name: "protected chunk", path: "/_next/static/chunks/dashboard.js", send: signedIn, status: 200, want: want},
		{name: "module of the site", path: "/worker.mjs", status: 200, want: want},
	})
}

// A video opened directly is loaded by a page that the browser creates.
func TestFilmsCanBeOpenedByThemselves(t *testing.T) {
	files := export()
	files["film.webm"], files["dashboard/talk.mp3"] = &fstest.MapFile{Data: []byte("film")}, &fstest.MapFile{Data: []byte(marker)}
	server := httptest.NewServer(handler(t, files, protectDashboard()))
	defer server.Close()
	want := header{"Content-Security-Policy": "default-src 'none'; media-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"}
	run(t, server, []request{
		{name: "film", path: "/film.webm", status: 200, want: want},
		{name: "part of it", path: "/film.webm", send: header{"Range": "bytes=0-1"}, status: 206, want: want},
		{name: "protected sound", path: "/dashboard/talk.mp3", send: signedIn, status: 200, want: want},
		{name: "picture", path: "/photo.png", status: 200, want: header{"Content-Security-Policy": baseline}},
	})
}

// Sources a fork allows appear in the policy of its pages and workers, only in
// their directive.
func TestSources(t *testing.T) {
	opts := protectDashboard()
	opts.Sources = map[string][]string{
		"img-src":     {"https://images.example.com", "'self'", "blob:"},
		"frame-src":   {"https://player.example.com/embed/"},
		"connect-src": {"wss://live.example.com:8443", "http://localhost:9000", "https://intranet:65535"},
		"script-src":  {"'wasm-unsafe-eval'", "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"},
		"worker-src":  {"blob:"},
	}
	files := fstest.MapFS{"p.html": {Data: []byte("<p>hello</p>")}, "404.html": {Data: []byte("<p>lost</p>")}, "w.js": {Data: []byte("1")}}
	server := httptest.NewServer(handler(t, files, opts))
	defer server.Close()
	page := header{"Content-Security-Policy": "default-src 'none'; script-src 'self' 'wasm-unsafe-eval' 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='; style-src 'self'; " +
		"img-src 'self' data: blob: https://images.example.com; font-src 'self'; connect-src 'self' wss://live.example.com:8443 http://localhost:9000 https://intranet:65535; media-src 'self' data: blob:; " +
		"manifest-src 'self'; worker-src 'self' blob:; frame-src https://player.example.com/embed/; base-uri 'none'; form-action 'self'; frame-ancestors 'none'" + trustedTypes}
	worker := header{"Content-Security-Policy": "default-src 'none'; script-src 'self' 'wasm-unsafe-eval' 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='; font-src 'self'; " +
		"connect-src 'self' wss://live.example.com:8443 http://localhost:9000 https://intranet:65535; worker-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"}
	run(t, server, []request{
		{name: "page", path: "/p", status: 200, want: page},
		{name: "404", path: "/nowhere", status: 404, want: page},
		{name: "script", path: "/w.js", status: 200, want: worker},
	})
}

// Sources that weaken the policy or have no effect prevent the start; all are
// reported together.
func TestSourcesThatAreRefused(t *testing.T) {
	for _, tt := range []struct{ directive, source, words string }{
		{"image-src", "https://x.example", "sources cannot be added to it"},
		{"IMG-SRC", "https://x.example", "sources cannot be added to it"},
		{"default-src", "https://x.example", "name the directive that you mean"},
		{"base-uri", "'self'", "load the page's own scripts from elsewhere"},
		{"form-action", "https://x.example", "send elsewhere what people type"},
		{"frame-ancestors", "https://x.example", "click it without seeing it"},
		{"object-src", "'self'", "plugins obey no other policy"},
		{"require-trusted-types-for", "'script'", "without it, injected text could run as code"},
		{"trusted-types", "*", "without it, injected text could run as code"},
		{"script-src", "'unsafe-inline'", "could run as code"},
		{"script-src", "'unsafe-eval'", "could run as code"},
		{"script-src", "'unsafe-hashes'", "could run as code"},
		{"style-src", "'unsafe-inline'", "could run as code"},
		{"script-src", "'strict-dynamic'", "keyword"},
		{"script-src", "'nonce-abc'", "keyword"},
		{"img-src", "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='", "keyword"},
		{"script-src", "'sha256-short'", "keyword"},
		{"connect-src", "'wasm-unsafe-eval'", "keyword"},
		{"img-src", "'none'", "leave the directive out"},
		{"img-src", "*", "the whole Internet"},
		{"img-src", "https://*", "the whole Internet"},
		{"img-src", "https://*:443", "the whole Internet"},
		{"img-src", "http:", "every host with this scheme"},
		{"script-src", "https:", "every host with this scheme"},
		{"script-src", "http:", "every host with this scheme"},
		{"script-src", "data:", "every host with this scheme"},
		{"script-src", "blob:", "every host with this scheme"},
		{"style-src", "data:", "every host with this scheme"},
		{"worker-src", "data:", "every host with this scheme"},
		{"frame-src", "data:", "every host with this scheme"},
		{"img-src", "javascript:", "every host with this scheme"},
		{"script-src", "http://cdn.example.com", "plain http"},
		{"connect-src", "ws://live.example.com", "plain http"},
		{"img-src", "http://localhost.evil.example", "plain http"},
		{"img-src", "https://192.0.2.7", "no IP address except 127.0.0.1"},
		{"img-src", "https://[2001:db8::1]", "not support IPv6 addresses"},
		{"img-src", "https://127.1", "no IP address except 127.0.0.1"},
		{"img-src", "https://0x7f000001", "no IP address except 127.0.0.1"},
		{"img-src", "https://2130706433", "no IP address except 127.0.0.1"},
		{"img-src", "https://x.example:0", "not a source"},
		{"img-src", "https://x.example:65536", "not a source"},
		{"img-src", "self", "as a host name"},
		{"img-src", "none", "as a host name"},
		{"img-src", "data", "as a host name"},
		{"img-src", "HTTPS", "as a host name"},
		{"script-src", "unsafe-inline", "as a host name"},
		{"script-src", "wasm-unsafe-eval", "as a host name"},
		{"script-src", "sha256-47DEQpj8HBSa", "as a host name"},
		{"script-src", "'sha256-47DEQpj8HBSa+/TImW+5JCeu\nQeRkm5NMpJWZG3hSuFU='", "keyword"},
		{"script-src", "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV='", "keyword"},
		{"img-src", "*.com", "not a source"},
		{"img-src", "a.*.example.com", "not a source"},
		{"img-src", "https://", "not a source"},
		{"img-src", "https:///x", "not a source"},
		{"img-src", "ftp://x.example", "not a source"},
		{"img-src", "https://x.example:port", "not a source"},
		{"img-src", "https://x_y.example", "not a source"},
		{"img-src", "https://bücher.example", "not a source"},
		{"img-src", "https://x.example/a b", "not a source"},
		{"img-src", "https://x.example; script-src *", "not a source"},
		{"img-src", "https://x.example, *", "not a source"},
		{"img-src", "https://x.example\r\nX-Evil: 1", "not a source"},
		{"img-src", "https://x.example/?q", "not a source"},
		{"img-src", "https://ada@x.example", "not a source"},
		{"img-src", "", "not a source"},
		{"img-src", " ", "not a source"},
	} {
		opts := protectDashboard()
		opts.Sources = map[string][]string{tt.directive: {tt.source}}
		s, err := site.New(export(), opts)
		if s != nil || err == nil || !strings.Contains(err.Error(), tt.words) || !strings.Contains(err.Error(), tt.directive) {
			t.Errorf("%s %q: %v, want words with %q", tt.directive, tt.source, err, tt.words)
		}
	}
	_, err := site.New(export(), site.Options{Sources: map[string][]string{"img-src": {"*", "'none'"}, "base-uri": nil}})
	for _, words := range []string{`"*"`, "'none'", "base-uri"} {
		if err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%v, want %q in it", err, words)
		}
	}
}

// Whatever a source contains, it stays one source of one directive.
func FuzzSources(f *testing.F) {
	for _, seed := range []string{"https://x.example", "*.x.example:*", "a;b", "a,b", "'self'", "blob:", "x y", "https://x.example/%3b", "\x00"} {
		f.Add("img-src", seed)
	}
	f.Fuzz(func(t *testing.T, directive, source string) {
		opts := site.Options{Sources: map[string][]string{directive: {source}}}
		s, err := site.New(fstest.MapFS{"p.html": {Data: []byte("<p>hello</p>")}}, opts)
		if err != nil {
			return
		}
		w := httptest.NewRecorder()
		guarded(s).ServeHTTP(w, httptest.NewRequest("GET", "/p", nil))
		got := w.Header().Values("Content-Security-Policy")
		if len(got) != 1 || strings.ContainsAny(got[0], "\r\n,*") || strings.Contains(got[0], "unsafe-inline") || strings.Contains(got[0], "unsafe-eval") && !strings.Contains(got[0], "wasm-unsafe-eval") {
			if !strings.Contains(source, "*.") && !strings.HasSuffix(source, ":*") && !strings.Contains(source, ":*/") {
				t.Errorf("%s %q makes %q", directive, source, got)
			}
		}
		plain := policy() + trustedTypes
		if extra := strings.Count(got[0], ";") - strings.Count(plain, ";"); extra < 0 || extra > 1 || extra == 1 && directive != "frame-src" {
			t.Errorf("%s %q makes %q", directive, source, got)
		}
	})
}
