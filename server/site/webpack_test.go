package site_test

import (
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// The runtimes are as Next.js 14 and 15 minify them, cut to what matters.
const (
	bootstrap = `!function(){"use strict";var e,t,n,r={},o={};function i(e){var t=o[e];if(void 0!==t)return t.exports;var n=o[e]={exports:{}},u=!0;try{r[e](n,n.exports,i),u=!1}finally{u&&delete o[e]}return n.exports}i.m=r,` +
		`i.n=function(e){var t=e&&e.__esModule?function(){return e.default}:function(){return e};return i.d(t,{a:t}),t},i.f={},i.e=function(e){return Promise.all(Object.keys(i.f).reduce(function(t,n){return i.f[n](e,t),t},[]))},`
	rest = `,i.g=function(){if("object"==typeof globalThis)return globalThis}(),i.p="/_next/",function(){var e={2272:0};i.f.j=function(t,n){var r=i.o(e,t)?e[t]:void 0}}()}();`

	// Functions, as before arrow functions were let through.
	next14 = bootstrap + `i.u=function(e){return 185===e?"static/chunks/185-10af7213c59c40a7.js":413===e?"static/chunks/"+e+"-77f3aa.js":"static/chunks/"+(({2e3:"9c4e2130",4101:"Big map"})[e]||e)+"."+({31:"0a1b",47:"dead",2e3:"11aa",4101:"beef"})[e]+".js"},i.miniCssF=function(e){return"static/css/"+({31:"c0ffee",47:"decaf"})[e]+".css"}` + rest
	// Arrows.
	next15 = bootstrap + `i.u=e=>185===e?"static/chunks/185-10af7213c59c40a7.js":413===e?"static/chunks/"+e+"-77f3aa.js":"static/chunks/"+(({2000:"9c4e2130",4101:"Big map"})[e]||e)+"."+({31:"0a1b",47:"dead",2000:"11aa",4101:"beef"})[e]+".js",i.miniCssF=e=>"static/css/"+({31:"c0ffee",47:"decaf"})[e]+".css"` + rest
	// As a template, and with a chunk named by its own test.
	templated = bootstrap + "i.u=(e)=>{return 185===e?`static/chunks/185-10af7213c59c40a7.js`:413===e?`static/chunks/${e}-77f3aa.js`:`static/chunks/${2e3===e?\"9c4e2130\":4101===e?'Big map':e}.${{31:\"0a1b\",47:\"dead\",2e3:\"11aa\",\"4101\":\"beef\"}[e]}.js`},i.miniCssF=e=>`static/css/${{31:\"c0ffee\",47:\"decaf\"}[e]}.css`" + rest
)

// webpackExport is an export whose runtime names every lazy chunk; page is the
// public page's chunk.
func webpackExport(runtime, page string) fstest.MapFS {
	files := fstest.MapFS{}
	for name, content := range map[string]string{
		"index.html":     `<script src="/_next/static/chunks/webpack-57d1.js"></script><script src="/_next/static/chunks/app/page-1.js"></script><script src="/_next/static/lychgate/_buildManifest.js"></script>`,
		"dashboard.html": `<script src="/_next/static/chunks/webpack-57d1.js"></script><script src="/_next/static/chunks/app/dashboard/page-2.js"></script>`,

		"_next/static/chunks/webpack-57d1.js":              runtime,
		"_next/static/chunks/app/page-1.js":                page,
		"_next/static/chunks/app/dashboard/page-2.js":      `n.e(47).then(n.bind(n,47))`,
		"_next/static/lychgate/_buildManifest.js":          `self.__BUILD_MANIFEST={"/dashboard":["static/chunks/47.dead.js"]}`,
		"_next/static/chunks/185-10af7213c59c40a7.js":      `1`,
		"_next/static/chunks/413-77f3aa.js":                `1`,
		"_next/static/chunks/9c4e2130.11aa.js":             `1`,
		"_next/static/chunks/Big map.beef.js":              `1`,
		"_next/static/chunks/31.0a1b.js":                   `r.e(185).then(r.t.bind(r,9,19))`,
		"_next/static/chunks/47.dead.js":                   `"` + marker + `"`,
		"_next/static/css/c0ffee.css":                      `b{background:url(../media/ink.png)}`,
		"_next/static/css/decaf.css":                       `b{}`,
		"_next/static/media/ink.png":                       `png`,
		"_next/static/chunks/pages/never-called.ffff.js":   `1`,
		"_next/static/chunks/main-app-0123456789abcdef.js": `1`,
	} {
		files[name] = &fstest.MapFile{Data: []byte(content)}
	}
	return files
}

func TestWebpackRuntime(t *testing.T) {
	always := []string{"static/chunks/app/page-1.js", "static/chunks/webpack-57d1.js", "static/lychgate/_buildManifest.js"}
	for runtimeName, runtime := range map[string]string{"next14": next14, "next15": next15, "templated": templated} {
		for _, tt := range []struct {
			name, page string
			want       []string
		}{
			{"calls nothing", `e.exports=1`, nil},
			{"a chunk with style, which calls another", `Promise.all([r.e(31)]).then(r.bind(r,5))`, []string{
				"static/chunks/185-10af7213c59c40a7.js", "static/chunks/31.0a1b.js", "static/css/c0ffee.css", "static/media/ink.png"}},
			{"a chunk of its own name", `r.e(413)`, []string{"static/chunks/413-77f3aa.js"}},
			{"a mapped name", `Promise.all([r.e(2e3),r.e(4101)])`, []string{"static/chunks/9c4e2130.11aa.js", "static/chunks/Big map.beef.js"}},
			{"the same number in full", `r.e(2000)`, []string{"static/chunks/9c4e2130.11aa.js"}},
			{"an id as text", `r.e("413",'low')`, []string{"static/chunks/413-77f3aa.js"}},
			{"an id as other text", `r.e( '185' )`, []string{"static/chunks/185-10af7213c59c40a7.js"}},
			{"no call", `r.e(e);r.e(31+1);x.e (31);r.ee(31);r.e([31]);r.e(function(){});"31"`, nil},
			{"an unknown id", `r.e(999);r.e("toString");r.e("constructor");r.e("")`, nil},
			{"named in full", `"static/chunks/pages/never-called.ffff.js"`, []string{"static/chunks/pages/never-called.ffff.js"}},
		} {
			t.Run(runtimeName+"/"+tt.name, func(t *testing.T) {
				want := append(slices.Clone(always), tt.want...)
				slices.Sort(want)
				got := publicBuildFiles(t, webpackExport(runtime, tt.page), protectDashboard())
				if !slices.Equal(got, want) {
					t.Errorf("public: %q\nwant:   %q", got, want)
				}
			})
		}
	}
}

// What a runtime names must not become public because the runtime is.
func TestOtherRuntimes(t *testing.T) {
	const dead = "static/chunks/47.dead.js"
	for _, tt := range []struct {
		name, runtime, page string
		open                bool
	}{
		{"one chunk alone", `i.u=e=>"static/chunks/"+e+".dead.js",i.miniCssF=e=>{}`, `r.e(47)`, true},
		{"one chunk alone, not called", `i.u=e=>"static/chunks/"+e+".dead.js"`, `r.e(4)`, false},
		{"no lazy chunks", `i.u=function(e){},i.miniCssF=function(e){}`, `r.e(47)`, false},
		{"no lazy chunks, arrows", `i.u=e=>{},i.miniCssF=e=>{}`, `r.e(47)`, false},
		{"constant name", `i.u=function(e){return"static/chunks/47.dead.js"}`, `r.e(47)`, true},
		{"constant name, not called", `i.u=function(e){return"static/chunks/47.dead.js"}`, `1`, false},
		{"test of a set", `i.u=e=>({47:1,48:1})[e]?"static/chunks/47.dead.js":void 0`, `r.e(48)`, true},
		{"test of a set, another id", `i.u=e=>({47:1,48:1})[e]?"static/chunks/47.dead.js":void 0`, `r.e(49)`, false},
		{"spaces", "i.u=function(e){return \"static/chunks/\" + ({}[e] || e) + \".\" + { 47 : \"dead\" , }[e] + \".js\"}", `r.e(47)`, true},
		{"unreadable", `i.u=e=>"static/chunks/"+n(e)+".js";"static/chunks/47.dead.js"`, `r.e(47)`, false},
		{"unreadable, full names", `i.u=e=>q(e,"static/chunks/47.dead.js")`, `r.e(47)`, false},
		{"cut", `i.u=e=>"static/chunks/"+({47:"de`, `r.e(47)`, false},
		{"escape in a string", `i.u=e=>"static/chunks/\x34"+e+".dead.js"`, `r.e(7)`, false},
		{"prefix outside the function", `i.u=e=>"static/chunks/"+e+".x.js";w="static/chunks/"+p+"static/chunks/47.dead.js"`, `1`, false},
		{"text beside the function", `i.u=e=>"static/chunks/"+e+".x.js";w="static/chunks/47.dead.js"`, `1`, true},
		{"another .u in a runtime", `a.u=e=>q(e);i.u=e=>"static/chunks/"+e+".dead.js"`, `r.e(47)`, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := publicBuildFiles(t, webpackExport(tt.runtime, tt.page), protectDashboard())
			if slices.Contains(got, dead) != tt.open {
				t.Errorf("public: %q, want %v", got, tt.open)
			}
		})
	}
	t.Run("names outside static", func(t *testing.T) {
		files := webpackExport(`i.u=e=>"data/lychgate/"+e+".json"`, `r.e("dashboard")`)
		files["_next/data/lychgate/dashboard.json"] = &fstest.MapFile{Data: []byte(marker)}
		if got := publicBuildFiles(t, files, protectDashboard()); slices.Contains(got, "data/lychgate/dashboard.json") {
			t.Errorf("public: %q", got)
		}
	})
	t.Run("runtime inside a worker", func(t *testing.T) {
		files := webpackExport(next15, `new Worker(r.tu(new URL(r.p+"static/chunks/worker.js",r.b)));a.u=e=>q(e)`)
		files["_next/static/chunks/worker.js"] = &fstest.MapFile{Data: []byte(`b.u=e=>z(e);r.u=e=>"static/chunks/"+e+".dead.js";r.e(47);x="static/media/ink.png"`)}
		got := publicBuildFiles(t, files, protectDashboard())
		if !slices.Contains(got, dead) || !slices.Contains(got, "static/media/ink.png") {
			t.Errorf("public: %q", got)
		}
	})
}

func FuzzWebpackRuntime(f *testing.F) {
	f.Add(next14, `r.e(31)`)
	f.Add(templated, `r.e("47")`)
	f.Add(`i.u=e=>"static/chunks/"+e+{1:(2)}[e]||e===1e3?{}:void 0`, `.e(1e9)`)
	f.Fuzz(func(t *testing.T, runtime, page string) {
		if strings.Contains(runtime, "47") || strings.Contains(page, "47") || strings.Contains(runtime, "dead") {
			return
		}
		w := httptest.NewRecorder()
		handler(t, webpackExport(runtime, page), protectDashboard()).
			ServeHTTP(w, httptest.NewRequest("GET", "/_next/static/chunks/47.dead.js", nil))
		// Nobody named chunk 47, so nobody may have it.
		if w.Code != 404 {
			t.Errorf("%q with %q publishes chunk 47", runtime, page)
		}
	})
}
