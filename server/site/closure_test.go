package site_test

import (
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"lychgate/server/site"
)

// publicBuildFiles lists the build files that an anonymous caller gets.
func publicBuildFiles(t *testing.T, files fstest.MapFS, opts site.Options) []string {
	t.Helper()
	server := httptest.NewServer(handler(t, files, opts))
	defer server.Close()
	var public []string
	for name := range files {
		if !strings.HasPrefix(name, "_next/") {
			continue
		}
		address := "/" + strings.NewReplacer("%", "%25", " ", "%20", "#", "%23", "?", "%3F").Replace(name)
		switch got := ask(t, server, "GET", address, nil); got.status {
		case 200:
			public = append(public, strings.TrimPrefix(name, "_next/"))
		case 404:
		default:
			t.Errorf("%s: %v", address, got)
		}
	}
	slices.Sort(public)
	return public
}

func TestClosureOfTheExport(t *testing.T) {
	want := []string{
		"data/lychgate/about.json", "data/lychgate/index.json",
		"static/chunks/(shop)/page.js", "static/chunks/about.js", "static/chunks/home.js", "static/chunks/lazy.js",
		"static/chunks/login.js", "static/chunks/lost.js", "static/chunks/more.css", "static/chunks/nested name.js", "static/chunks/site.css",
		"static/lychgate/_buildManifest.js",
		"static/media/ink blot.png", "static/media/logo.png", "static/media/paper.svg", "static/media/serif.woff2",
	}
	slices.Sort(want) // the name of the build stands in some
	if got := publicBuildFiles(t, export(), protectDashboard()); !slices.Equal(got, want) {
		t.Errorf("public: %q\nwant:   %q", got, want)
	}
}

// TestClosure has one page and one chunk; each case says how the page names it.
func TestClosure(t *testing.T) {
	const name = "_next/static/chunks/a.js"
	for _, tt := range []struct {
		name  string
		files map[string]string
		open  bool
	}{
		{"nobody", map[string]string{"p.html": ``}, false},
		{"script", map[string]string{"p.html": `<script src="/_next/static/chunks/a.js"></script>`}, true},
		{"single quotes", map[string]string{"p.html": `<script src='/_next/static/chunks/a.js'></script>`}, true},
		{"no quotes", map[string]string{"p.html": `<script src=/_next/static/chunks/a.js></script>`}, true},
		{"query", map[string]string{"p.html": `"/_next/static/chunks/a.js?dpl=1"`}, true},
		{"fragment", map[string]string{"p.html": `"/_next/static/chunks/a.js#x"`}, true},
		{"escaped quotes", map[string]string{"p.html": `[1,"\"static/chunks/a.js\""]`}, true},
		{"percent-encoded", map[string]string{"p.html": `"static/chunks/%61%2Ejs"`}, true},
		{"template", map[string]string{"p.html": "`static/chunks/a.js`"}, true},
		{"style", map[string]string{"p.html": `<style>b{background:url(/_next/static/chunks/a.js)}</style>`}, true},
		{"entity after it", map[string]string{"p.html": `&quot;static/chunks/a.js&quot;`}, true},
		{"end of file", map[string]string{"p.html": `static/chunks/a.js`}, true},
		{"longer name", map[string]string{"p.html": `"static/chunks/a.js.map"`}, false},
		{"shorter name", map[string]string{"p.html": `"static/chunks/a"`}, false},
		{"another folder", map[string]string{"p.html": `"static/a.js"`}, false},
		{"payload", map[string]string{"p.txt": `"static/chunks/a.js"`}, true},
		{"segment payload", map[string]string{"p/__next._tree.txt": `"static/chunks/a.js"`}, true},
		{"protected page", map[string]string{"dashboard.html": `"static/chunks/a.js"`}, false},
		{"protected payload", map[string]string{"dashboard.txt": `"static/chunks/a.js"`}, false},
		{"protected segment", map[string]string{"dashboard/__next._tree.txt": `"static/chunks/a.js"`}, false},
		{"page that begins alike", map[string]string{"dashboards.html": `"static/chunks/a.js"`}, true},
		{"404 page", map[string]string{"404.html": `"static/chunks/a.js"`}, true},
		{"JSON", map[string]string{"p.json": `"static/chunks/a.js"`}, false},
		{"variant", map[string]string{"p.html": ``, "p.html.br": `"static/chunks/a.js"`}, false},
		{"lone variant", map[string]string{"p.html.br": `"static/chunks/a.js"`}, false},
		{"through a script", map[string]string{"p.html": `"static/b.js"`, "_next/static/b.js": `"static/chunks/a.js"`}, true},
		{"through a module", map[string]string{"p.html": `"static/b.mjs"`, "_next/static/b.mjs": `"static/chunks/a.js"`}, true},
		{"through two", map[string]string{"p.html": `"static/b.js"`, "_next/static/b.js": `"static/c.js"`, "_next/static/c.js": `"static/chunks/a.js"`}, true},
		{"through a circle", map[string]string{"p.html": `"static/b.js"`, "_next/static/b.js": `"static/c.js"`, "_next/static/c.js": `"static/b.js""static/chunks/a.js"`}, true},
		{"through a style sheet", map[string]string{"p.html": `"static/b.css"`, "_next/static/b.css": `url(./chunks/a.js)`}, true},
		{"through a sheet, from the root", map[string]string{"p.html": `"static/b.css"`, "_next/static/b.css": `url( "/_next/static/chunks/a.js" )`}, true},
		{"through a sheet, imported", map[string]string{"p.html": `"static/b.css"`, "_next/static/b.css": `@import 'chunks/a.js' screen;`}, true},
		{"through a sheet, with query", map[string]string{"p.html": `"static/b.css"`, "_next/static/b.css": `url(chunks/a.js?#iefix)format("x")`}, true},
		{"through a sheet, encoded", map[string]string{"p.html": `"static/b.css"`, "_next/static/b.css": `url('chunks/%61.js')`}, true},
		{"through a sheet, elsewhere", map[string]string{"p.html": `"static/b.css"`, "_next/static/b.css": `url(https://x.example/chunks/a.js)url(data:a/b;chunks/a.js)url()@import`}, false},
		{"through a protected script", map[string]string{"dashboard.html": `"static/b.js"`, "_next/static/b.js": `"static/chunks/a.js"`}, false},
		{"through a build manifest", map[string]string{"p.html": `"static/x/_buildManifest.js"`, "_next/static/x/_buildManifest.js": `"static/chunks/a.js"`}, false},
		{"through an SSG manifest", map[string]string{"p.html": `"static/x/_ssgManifest.js"`, "_next/static/x/_ssgManifest.js": `"static/chunks/a.js"`}, false},
		{"through a middleware manifest", map[string]string{"p.html": `"static/x/_clientMiddlewareManifest.js"`, "_next/static/x/_clientMiddlewareManifest.js": `"static/chunks/a.js"`}, false},
		{"through a map", map[string]string{"p.html": `"static/b.js.map"`, "_next/static/b.js.map": `"static/chunks/a.js"`}, false},
		{"through an image", map[string]string{"p.html": `"static/b.png"`, "_next/static/b.png": `"static/chunks/a.js"`}, false},
		{"through a public script that is not of the build", map[string]string{"p.html": `"/sw.js"`, "sw.js": `"static/chunks/a.js"`}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			files := fstest.MapFS{name: {Data: []byte("chunk")}}
			for name, content := range tt.files {
				files[name] = &fstest.MapFile{Data: []byte(content)}
			}
			got := slices.Contains(publicBuildFiles(t, files, protectDashboard()), strings.TrimPrefix(name, "_next/"))
			if got != tt.open {
				t.Errorf("public: %v, want %v", got, tt.open)
			}
		})
	}
}

// The search must terminate on hostile text.
func TestClosureOfHostileText(t *testing.T) {
	files := export()
	files["p.html"] = &fstest.MapFile{Data: []byte(strings.Repeat("static/),", 5_000) + strings.Repeat("static/", 5_000))}
	files["_next/static/chunks/home.js"] = &fstest.MapFile{Data: []byte(`"static/chunks/webpack-x.js"` + strings.Repeat(".e(", 5_000))}
	files["_next/static/chunks/webpack-x.js"] = &fstest.MapFile{Data: []byte(`r.u=e=>"static/chunks/"+` + strings.Repeat("(", 20_000) + `;r.u=e=>` + strings.Repeat(`{a:`, 5_000))}
	if _, err := site.New(files, protectDashboard()); err != nil {
		t.Error(err)
	}
}

func TestTwoProtectedPrefixes(t *testing.T) {
	opts := protectDashboard()
	opts.Rules = readPolicy(`{"/dashboard/team": "signed-in", "/docs": "signed-in"}`).Rules
	server := httptest.NewServer(handler(t, export(), opts))
	defer server.Close()
	run(t, server, []request{
		{name: "not protected now", path: "/dashboard", status: 200, holds: "Dashboard"},
		{name: "nested", path: "/dashboard/team/new", status: 303},
		{name: "the prefix has no page", path: "/dashboard/team", status: 303},
		{name: "second", path: "/docs/intro", status: 303},
		{name: "second, payload", path: "/docs.txt", status: 401},
	})
	if got := fmt.Sprint(publicBuildFiles(t, export(), opts)); !strings.Contains(got, "dashboard.js") {
		t.Errorf("public: %v", got)
	}
}
