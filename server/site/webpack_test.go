package site_test

import (
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// Runtimes as minified by Next.js 14 and 15, shortened.
const (
	bootstrap = `!function(){"use strict";var e,t,n,r={},o={};function i(e){var t=o[e];if(void 0!==t)return t.exports;var n=o[e]={exports:{}},u=!0;try{r[e](n,n.exports,i),u=!1}finally{u&&delete o[e]}return n.exports}i.m=r,` +
		`i.n=function(e){var t=e&&e.__esModule?function(){return e.default}:function(){return e};return i.d(t,{a:t}),t},i.f={},i.e=function(e){return Promise.all(Object.keys(i.f).reduce(function(t,n){return i.f[n](e,t),t},[]))},`
	rest = `,i.g=function(){if("object"==typeof globalThis)return globalThis}(),i.p="/_next/",function(){var e={2272:0};i.f.j=function(t,n){var r=i.o(e,t)?e[t]:void 0}}()}();`

	// With functions, for targets without arrow functions.
	next14 = bootstrap + `i.u=function(e){return 185===e?"static/chunks/185-10af7213c59c40a7.js":413===e?"static/chunks/"+e+"-77f3aa.js":"static/chunks/"+(({2e3:"9c4e2130",4101:"Big map"})[e]||e)+"."+({31:"0a1b",47:"dead",2e3:"11aa",4101:"beef"})[e]+".js"},i.miniCssF=function(e){return"static/css/"+({31:"c0ffee",47:"decaf"})[e]+".css"}` + rest
	// Arrows.
	next15 = bootstrap + `i.u=e=>185===e?"static/chunks/185-10af7213c59c40a7.js":413===e?"static/chunks/"+e+"-77f3aa.js":"static/chunks/"+(({2000:"9c4e2130",4101:"Big map"})[e]||e)+"."+({31:"0a1b",47:"dead",2000:"11aa",4101:"beef"})[e]+".js",i.miniCssF=e=>"static/css/"+({31:"c0ffee",47:"decaf"})[e]+".css"` + rest
	// With a template, and a chunk with a case of its own.
	templated = bootstrap + "i.u=(e)=>{return 185===e?`static/chunks/185-10af7213c59c40a7.js`:413===e?`static/chunks/${e}-77f3aa.js`:`static/chunks/${2e3===e?\"9c4e2130\":4101===e?'Big map':e}.${{31:\"0a1b\",47:\"dead\",2e3:\"11aa\",\"4101\":\"beef\"}[e]}.js`},i.miniCssF=e=>`static/css/${{31:\"c0ffee\",47:\"decaf\"}[e]}.css`" + rest
)

// chunk is a chunk with one module, with minified parameter names: r is the
// runtime's require.
func chunk(code string) string {
	return `(self.webpackChunk_N_E=self.webpackChunk_N_E||[]).push([[974],{5:function(e,t,r){"use strict";` + code + `}},function(e){e.O(0,[441],function(){return e(e.s=5)}),_N_E=e.O()}]);`
}

// webpackExport is an export whose runtime names every lazy chunk; page is the
// public page's chunk.
func webpackExport(runtime, page string) fstest.MapFS {
	files := fstest.MapFS{}
	for name, content := range map[string]string{
		"index.html":     `<script src="/_next/static/chunks/webpack-57d1.js"></script><script src="/_next/static/chunks/app/page-1.js"></script><script src="/_next/static/lychgate/_buildManifest.js"></script>`,
		"dashboard.html": `<script src="/_next/static/chunks/webpack-57d1.js"></script><script src="/_next/static/chunks/app/dashboard/page-2.js"></script>`,

		"_next/static/chunks/webpack-57d1.js":              runtime,
		"_next/static/chunks/app/page-1.js":                page,
		"_next/static/chunks/app/dashboard/page-2.js":      chunk(`r.e(47).then(r.bind(r,47))`),
		"_next/static/lychgate/_buildManifest.js":          `self.__BUILD_MANIFEST={"/dashboard":["static/chunks/47.dead.js"]}`,
		"_next/static/chunks/185-10af7213c59c40a7.js":      `1`,
		"_next/static/chunks/413-77f3aa.js":                `1`,
		"_next/static/chunks/9c4e2130.11aa.js":             `1`,
		"_next/static/chunks/Big map.beef.js":              `1`,
		"_next/static/chunks/31.0a1b.js":                   chunk(`r.e(185).then(r.t.bind(r,9,19))`),
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
				got := publicBuildFiles(t, webpackExport(runtime, chunk(tt.page)), protectDashboard())
				if !slices.Equal(got, want) {
					t.Errorf("public: %q\nwant:   %q", got, want)
				}
			})
		}
	}
}

// One runtime names the lazy chunks of all pages; each has the need of the
// pages that load it.
func TestWebpackRuntimeByNeeds(t *testing.T) {
	for name, runtime := range map[string]string{"next14": next14, "next15": next15, "templated": templated} {
		t.Run(name, func(t *testing.T) {
			files := webpackExport(runtime, chunk(`r.e(413)`))
			for page, code := range map[string]string{"admin": `Promise.all([r.e(31),r.e(4101)])`, "reports": `Promise.all([r.e(2e3),r.e(4101)])`} {
				files[page+".html"] = &fstest.MapFile{Data: []byte(`<script src="/_next/static/chunks/webpack-57d1.js"></script><script src="/_next/static/chunks/app/` + page + `.js"></script>`)}
				files["_next/static/chunks/app/"+page+".js"] = &fstest.MapFile{Data: []byte(chunk(code))}
			}
			server := startWith(t, files, `{"/dashboard": "signed-in", "/admin": "role:admin", "/reports": "plan:pro"}`)
			everybody := []string{"", alice, admin, pro}
			for address, may := range map[string][]string{
				"webpack-57d1.js": everybody, "413-77f3aa.js": everybody,
				"47.dead.js":              {alice, admin, pro},
				"app/admin.js":            {admin},
				"31.0a1b.js":              {admin},
				"app/reports.js":          {pro},
				"9c4e2130.11aa.js":        {pro},
				"Big%20map.beef.js":       {admin, pro},
				"185-10af7213c59c40a7.js": {admin}, // by way of 31
			} {
				for _, who := range everybody {
					got := ask(t, server, "GET", "/_next/static/chunks/"+address, as(who))
					if (got.status == 200) != slices.Contains(may, who) {
						t.Errorf("%s for %q: %v", address, who, got)
					}
				}
			}
		})
	}
}

// Chunks must not become public because the runtime that names them is.
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
			got := publicBuildFiles(t, webpackExport(tt.runtime, chunk(tt.page)), protectDashboard())
			if slices.Contains(got, dead) != tt.open {
				t.Errorf("public: %q, want %v", got, tt.open)
			}
		})
	}
	t.Run("names outside static", func(t *testing.T) {
		files := webpackExport(`i.u=e=>"data/lychgate/"+e+".json"`, chunk(`r.e("dashboard")`))
		files["_next/data/lychgate/dashboard.json"] = &fstest.MapFile{Data: []byte(marker)}
		if got := publicBuildFiles(t, files, protectDashboard()); slices.Contains(got, "data/lychgate/dashboard.json") {
			t.Errorf("public: %q", got)
		}
	})
	t.Run("runtime inside a worker", func(t *testing.T) {
		files := webpackExport(next15, chunk(`new Worker(r.tu(new URL(r.p+"static/chunks/worker.js",r.b)));a.u=e=>q(e)`))
		files["_next/static/chunks/worker.js"] = &fstest.MapFile{Data: []byte(`b.u=e=>z(e);r.u=e=>"static/chunks/"+e+".dead.js";r.e(47);x="static/media/ink.png"`)}
		got := publicBuildFiles(t, files, protectDashboard())
		if !slices.Contains(got, dead) || !slices.Contains(got, "static/media/ink.png") {
			t.Errorf("public: %q", got)
		}
	})
}

// A method e of any object other than the runtime's require loads no chunk:
// chunk 47 belongs to a protected page.
func TestChunkCalls(t *testing.T) {
	modules := func(module string) string {
		return `(self.webpackChunk_N_E=self.webpackChunk_N_E||[]).push([[974],{` + module + `}]);`
	}
	for _, tt := range []struct {
		name, script string
		open         bool
	}{
		{"of the module's require", chunk(`r.e(47)`), true},
		{"of a worker", chunk(`new Worker(r.tu(new URL(r.p+r.u(47),r.b)))`), true},
		{"from a closure", chunk(`t.x=function(){return()=>{r.e(47).then(r.bind(r,47))}}`), true},
		{"from a class", chunk(`class A{load(){return r.e(47)}}`), true},
		{"of require under its own name", modules(`5:function(module,__unused,__webpack_require__){__webpack_require__.e(47)}`), true},
		{"in an arrow", modules(`"./a.js":(e,t,n)=>{n.e("47")}`), true},
		{"in an arrow without block", modules(`5:(e,t,n)=>n.e(47)`), true},
		{"in a method", modules(`5(e,t,n){n.e(47)}`), true},
		{"in brackets", modules(`5:(function(e,t,n){n.e(47)})`), true},
		{"in the second module", modules(`5:(e,t,n)=>{n(1)},6:(e,t,i)=>{i.e(47)}`), true},
		{"in a list of modules", `(self.webpackChunk_N_E=self.webpackChunk_N_E||[]).push([[974],[,function(e,t,r){r.e(47)}]])`, true},
		{"in the entry", `(self.webpackChunk_N_E=self.webpackChunk_N_E||[]).push([[974],{},r=>{r.e(47)}])`, true},

		{"of nothing that is known", `r.e(47)`, false},
		{"of an object", chunk(`var a={e:function(e){}};a.e(47)`), false},
		{"of another parameter", chunk(`e.e(47);t.e(47);t.u(47)`), false},
		{"of a parameter that hides require", chunk(`t.x=function(r){r.e(47)}`), false},
		{"of a variable that hides require", chunk(`{let r=t;r.e(47)}`), false},
		{"of an arrow's parameter that hides require", chunk(`t.x=r=>r.e(47)`), false},
		{"of this", chunk(`this.e(47)`), false},
		{"of a member", chunk(`r.x.e(47);t.r.e(47)`), false},
		{"of what require returns", chunk(`r(9).e(47);(0,r(9)).e(47)`), false},
		{"of an element", chunk(`r[0].e(47)`), false},
		{"in a string", chunk(`"r.e(47)";'r.e(47)'`), false},
		{"in a template", chunk("`r.e(47)`"), false},
		{"in a comment", chunk("/* r.e(47) */ // r.e(47)\n"), false},
		{"in an expression", chunk(`/r.e(47)/.test(t)`), false},
		{"of another module's require", modules(`5:(e,t,n)=>{n(1)},6:(e,t,i)=>{n.e(47)}`), false},
		{"in a function that is no module", `t={5:function(e,t,r){r.e(47)}}`, false},
		{"in something else that is pushed", `a.push([e,{5:function(e,t,r){r.e(47)}}]);a.push({5:function(e,t,r){r.e(47)}})`, false},
		{"with something else than an id", chunk(`r.e(47+1);r.e(t[47]);r.e([47]);r.e(-47);r.e(...[47])`), false},
		{"in a script that cannot be read", chunk(`r.e(47)`) + `)`, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := publicBuildFiles(t, webpackExport(next15, tt.script), protectDashboard())
			if slices.Contains(got, "static/chunks/47.dead.js") != tt.open {
				t.Errorf("public: %q, want %v", got, tt.open)
			}
		})
	}
	t.Run("in a runtime with modules of its own", func(t *testing.T) {
		for modules, open := range map[string]bool{
			`var r={7:function(e,t,n){n.e(47)}};function i(e){}i.m=r;`: true,
			`i.m={7:(e,t,n)=>{n.e(47)}};function i(e){}`:               true,
			`var r={7:function(e,t,n){n.e(47)}};function i(e){}i.m=q;`: false,
			`var r={7:function(e,t,n){e.e(47)}};function i(e){}i.m=r;`: false,
			`function i(e){}i.e(47);`:                                  true,
			`function i(e){}function k(e){}k.e(47);`:                   false,
		} {
			files := webpackExport(next15, chunk(`new Worker(r.tu(new URL(r.p+"static/chunks/worker.js",r.b)))`))
			files["_next/static/chunks/worker.js"] = &fstest.MapFile{Data: []byte(modules + `i.u=e=>"static/chunks/"+e+".dead.js";`)}
			if got := publicBuildFiles(t, files, protectDashboard()); slices.Contains(got, "static/chunks/47.dead.js") != open {
				t.Errorf("%s: public %q, want %v", modules, got, open)
			}
		}
	})
}

func FuzzWebpackRuntime(f *testing.F) {
	f.Add(next14, chunk(`r.e(31)`))
	f.Add(templated, chunk(`r.e("48")`))
	f.Add(`i.u=e=>"static/chunks/"+e+{1:(2)}[e]||e===1e3?{}:void 0`, `.e(1e9)`)
	f.Fuzz(func(t *testing.T, runtime, page string) {
		if strings.Contains(runtime, "47") || strings.Contains(page, "47") || strings.Contains(runtime, "dead") {
			return
		}
		w := httptest.NewRecorder()
		handler(t, webpackExport(runtime, page), protectDashboard()).
			ServeHTTP(w, httptest.NewRequest("GET", "/_next/static/chunks/47.dead.js", nil))
		// Nothing loads chunk 47, so nobody has access.
		if w.Code != 404 {
			t.Errorf("%q with %q publishes chunk 47", runtime, page)
		}
	})
}
