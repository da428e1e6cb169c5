package site_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

// trustedTypes is what the policy of a page adds that is made for it.
const trustedTypes = "; require-trusted-types-for 'script'; trusted-types default nextjs"

// policy is the wanted policy of a page with these inline scripts, but for
// Trusted Types.
func policy(scripts ...string) string {
	hashes := ""
	for _, script := range scripts {
		sum := sha256.Sum256([]byte(script))
		hashes += " 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	return "default-src 'none'; script-src 'self'" + hashes + "; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
		"connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
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
			// A page that is not made for Trusted Types.
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

// A page is asked for Trusted Types when it is made for them, or when it runs
// nothing; one that runs scripts without the policy "default" would break.
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
		{name: "script", path: "/_next/static/chunks/about.js", status: 200, want: want},
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
