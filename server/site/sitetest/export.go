// Package sitetest is shared by tests of the guard: hostile request targets and
// a small export shaped like a real one. It imports nothing of ours, so that
// tests of any layer can use it.
package sitetest

import (
	"maps"
	"strings"
	"testing/fstest"
)

// Marker is in every file for signed-in people only.
const Marker = "protected-marker"

// Export is a small export shaped like a real one: pages with payloads, chunks
// that name chunks, a style sheet, a font, variants, public files.
func Export() fstest.MapFS {
	files := fstest.MapFS{}
	add := func(name, content string) { add(files, name, content) }
	page := func(route, title, chunk string) { page(files, route, title, chunk) }
	page("index", "Home", "home.js")
	page("about", "About us", "about.js")
	page("login", "Sign in", "login.js")
	page("register", "Register", "login.js")
	page("404", "Lost", "lost.js")
	page("_not-found", "Lost", "lost.js")
	page("dashboardish", "No dashboard", "about.js")
	page("docs/intro", "Introduction", "about.js")
	page("dashboard", "Dashboard "+Marker, "dashboard.js")
	page("dashboard/settings", "Settings "+Marker, "settings.js")
	page("dashboard/team/new", "Team "+Marker, "settings.js")

	add("_next/static/chunks/home.js", `t.l("static/chunks/lazy.js");load(["static/chunks/nested%20name.js?v=1"])`)
	add("_next/static/chunks/lazy.js", `e.exports="/_next/static/media/logo.png"`)
	add("_next/static/chunks/nested name.js", `'static/chunks/(shop)/page.js'`)
	add("_next/static/chunks/(shop)/page.js", `1`)
	add("_next/static/chunks/about.js", `2`)
	add("_next/static/chunks/login.js", `3`)
	add("_next/static/chunks/lost.js", `"/_next/static/lychgate/_buildManifest.js"`)
	add("_next/static/chunks/site.css", `@import "more.css";@font-face{src:url(../media/serif.woff2)format("woff2")}b{background:url("/_next/static/media/paper.svg?x#y")}`)
	add("_next/static/chunks/more.css", `i{background:url( '../media/ink%20blot.png' )}`)
	add("_next/static/media/serif.woff2", "font")
	add("_next/static/media/logo.png", "png")
	add("_next/static/media/paper.svg", "<svg/>")
	add("_next/static/media/ink blot.png", "png")
	add("_next/static/chunks/dashboard.js", `"`+Marker+`";t.l("static/chunks/chart.js")`)
	add("_next/static/chunks/chart.js", `"`+Marker+` chart"`)
	add("_next/static/chunks/settings.js", `"`+Marker+` settings"`)
	add("_next/static/media/inside.woff2", Marker)
	add("_next/static/lychgate/_buildManifest.js", `self.x={"/dashboard":["static/chunks/dashboard.js","static/chunks/settings.js"]}`)
	add("_next/static/lychgate/_ssgManifest.js", `"static/chunks/settings.js `+Marker+`"`)
	add("_next/data/lychgate/index.json", `{}`)
	add("_next/data/lychgate/about.json", `{}`)
	add("_next/data/lychgate/dashboard.json", `{"`+Marker+`":1}`)
	add("_next/data/lychgate/nowhere.json", `{"`+Marker+`":1}`)
	add("_next/server.json", `{"`+Marker+`":1}`)

	add("robots.txt", "User-agent: *\n")
	add("favicon.ico", "ico")
	add("dashboard.png", "png")
	add("site.webmanifest", "{}")
	add("sub/index.html", "sub")
	add("dashboard/index.html", "shadowed "+Marker)
	add("dashboard/plan.pdf", Marker)
	add("dashboard/lone.html.br", Marker)
	add("archive.tar.gz", "an archive")
	add("photo.png", "png")
	add("photo.png.gz", "not a variant")

	compress(files)
	return files
}

func add(files fstest.MapFS, name, content string) {
	files[name] = &fstest.MapFile{Data: []byte(content)}
}

// page adds the files of a page that loads a chunk.
func page(files fstest.MapFS, route, title, chunk string) {
	add(files, route+".html", `<!doctype html><html><head><link rel="stylesheet" href="/_next/static/chunks/site.css"/>`+
		`<script src="/_next/static/chunks/`+chunk+`" async=""></script></head><body>`+title+
		`<script>(self.__next_f=self.__next_f||[]).push([0])</script>`+
		`<script>self.__next_f.push([1,"`+title+` \"static/chunks/`+chunk+`\""])</script></body></html>`)
	payload := `0:{"P":null,"c":"` + title + `"}` + "\n" + `1:I["x",["/_next/static/chunks/` + chunk + `"],""]` + "\n"
	add(files, route+".txt", payload)
	for _, name := range []string{"_full", "_tree", "_index", "!KHNob3Ap." + strings.ReplaceAll(route, "/", ".") + ".__PAGE__"} {
		add(files, route+"/__next."+name+".txt", payload)
	}
}

// markers are all markers a file can contain.
var markers = []string{Marker, RoleMarker, PlanMarker, EitherMarker}

// compress adds compressed variants, which contain the markers too.
func compress(files fstest.MapFS) {
	for name := range maps.Clone(files) {
		switch {
		case strings.HasSuffix(name, ".html"), strings.HasSuffix(name, ".js"), strings.HasSuffix(name, ".txt") && name != "robots.txt":
			plain := string(files[name].Data)
			secret := ""
			for _, marker := range markers {
				if strings.Contains(plain, marker) {
					secret = marker
				}
			}
			add(files, name+".br", "br of "+name+" "+secret)
			add(files, name+".gz", "gz of "+name+" "+secret)
		}
	}
}
