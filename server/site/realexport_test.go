package site_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"net/http/httptest"
	"net/url"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"lychgate/server/access"
	"lychgate/server/site"
)

const exportFolder = "../../frontend/out"

// exportMarker is in the protected pages and components of the frontend.
const exportMarker = "lychgate-protected-marker"

// realExport reads the latest build of the frontend.
func realExport(t testing.TB) fstest.MapFS {
	t.Helper()
	if _, err := os.Stat(path.Join(exportFolder, "index.html")); err != nil {
		t.Skipf("there is no export to look at (%v): run make build first", err)
	}
	files := fstest.MapFS{}
	root := os.DirFS(exportFolder)
	err := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(root, name)
		files[name] = &fstest.MapFile{Data: content}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// realOptions are the rules of server/access.json.
func realOptions(t testing.TB) site.Options {
	t.Helper()
	text, err := os.ReadFile("../access.json")
	if err != nil {
		t.Fatal(err)
	}
	return site.Options{Rules: readPolicy(string(text)).Rules, Routed: routed}
}

// A mistyped path would protect nothing.
func TestEveryProtectedPathHasAPage(t *testing.T) {
	files := realExport(t)
	for _, rule := range realOptions(t).Rules.All() {
		if _, found := files[rule.Path[1:]+".html"]; found {
			continue
		}
		if hasSource(t, rule.Path) {
			t.Errorf("server/access.json names %s, whose page is newer than the export: run make build", rule.Path)
		} else {
			t.Errorf("server/access.json names %s, and there is no page frontend/app%s/page.tsx: add it and run make build, or correct the path", rule.Path, rule.Path)
		}
	}
}

var routeGroup = regexp.MustCompile(`/\([^/]*\)`)

// hasSource reports whether the frontend has a page at an address.
func hasSource(t *testing.T, address string) (found bool) {
	t.Helper()
	err := fs.WalkDir(os.DirFS("../../frontend/app"), ".", func(name string, _ fs.DirEntry, err error) error {
		folder, file := path.Split("/" + name)
		page, _, _ := strings.Cut(file, ".")
		found = found || page == "page" && routeGroup.ReplaceAllString(strings.TrimSuffix(folder, "/"), "") == address
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestRealExport requests every file of the export as an anonymous caller: no
// answer has the marker, and everything a public page uses is served.
func TestRealExport(t *testing.T) {
	files, options := realExport(t), realOptions(t)
	server := httptest.NewServer(handler(t, files, options))
	defer server.Close()

	marked := 0
	for name, file := range files {
		if bytes.Contains(file.Data, []byte(exportMarker)) {
			marked++
		}
		for _, address := range []string{"/" + name, "/" + strings.TrimSuffix(name, ".html")} {
			for _, encoding := range []string{"", "gzip"} {
				got := ask(t, server, "GET", address, header{"Accept-Encoding": encoding})
				if got.header.Get("Content-Encoding") == "gzip" {
					got.body = unzipped(t, got.body)
				}
				if strings.Contains(got.body, exportMarker) {
					t.Errorf("%s gives a stranger the marker", address)
				}
			}
		}
	}

	public := publicBuildFiles(t, files, options)
	var protected []string
	for name := range files {
		name, ok := strings.CutPrefix(name, "_next/")
		if ok && path.Ext(name) != ".br" && path.Ext(name) != ".gz" && !slices.Contains(public, name) {
			protected = append(protected, name)
		}
	}
	slices.Sort(protected)
	t.Logf("%d public:\n%s\n%d protected:\n%s", len(public), strings.Join(public, "\n"), len(protected), strings.Join(protected, "\n"))
	if marked == 0 || len(protected) == 0 || len(public) == 0 {
		t.Errorf("%d files hold the marker: this test checks nothing", marked)
	}

	for name, file := range files {
		if ext := path.Ext(name); ext != ".html" && ext != ".txt" || slices.ContainsFunc(options.Rules.All(), func(rule access.Rule) bool {
			return rule.Need != access.Public && strings.HasPrefix("/"+name, rule.Path)
		}) {
			continue
		}
		for _, asset := range protected {
			if bytes.Contains(file.Data, []byte(asset)) {
				t.Errorf("public %s names %s, which a stranger does not get", name, asset)
			}
		}
	}

	for name := range files {
		if path.Ext(name) != ".html" {
			continue
		}
		// The 404 page answers at every unknown address.
		got := ask(t, server, "GET", "/"+name, signedIn)
		if policy := got.header.Get("Content-Security-Policy"); !strings.HasSuffix(policy, trustedTypes) {
			t.Errorf("%s comes without Trusted Types: %s", name, policy)
		}
	}

	for _, rule := range options.Rules.All() {
		who := map[string]string{"signed-in": alice, "role:user": alice, "role:admin": admin, "plan:pro": pro}[rule.Need.String()]
		if who == "" {
			continue // public, or for a plan that these tests do not know
		}
		for _, page := range []string{rule.Path, rule.Path + ".html", rule.Path + ".txt"} {
			got := ask(t, server, "GET", page, as(who))
			if got.status != 200 || !strings.Contains(got.header.Get("Cache-Control"), "no-store") {
				t.Errorf("%s, signed in: %v", page, got)
			}
			if got := ask(t, server, "GET", page, nil); got.status != 303 && got.status != 401 {
				t.Errorf("%s, signed out: %v", page, got)
			}
		}
	}
}

// TestRealExportByNeeds reads the same export as if the settings page were for
// administrators or subscribers: the page and the code of its forms are served
// only to callers who meet that need.
func TestRealExportByNeeds(t *testing.T) {
	files := realExport(t)
	for need, met := range map[string]string{"role:admin": admin, "plan:pro": pro} {
		t.Run(need, func(t *testing.T) {
			server := startWith(t, files, `{"/dashboard": "signed-in", "/dashboard/settings": "`+need+`", "/dashboard/settings/security": "signed-in"}`)
			given := make(map[string]map[string]int) // by caller and mark
			for _, who := range []string{"", alice, admin, pro} {
				given[who] = make(map[string]int)
				for name, file := range files {
					if !exportMarks.Match(file.Data) {
						continue
					}
					answer := ask(t, server, "GET", (&url.URL{Path: "/" + name}).EscapedPath(), as(who))
					for _, mark := range exportMarks.FindAllString(answer.body, -1) {
						given[who][strings.TrimPrefix(mark, exportMarker+":")]++
					}
				}
			}
			for who, marks := range given {
				for _, mark := range []string{"settings", "settings-forms"} {
					if (marks[mark] > 0) != (who == met) {
						t.Errorf("%q gets what is marked %s %d times", who, mark, marks[mark])
					}
				}
				for _, mark := range []string{"dashboard", "security", "security-card"} {
					if (marks[mark] > 0) != (who != "") {
						t.Errorf("%q gets what is marked %s %d times", who, mark, marks[mark])
					}
				}
			}
		})
	}
}

var exportMarks = regexp.MustCompile(exportMarker + `:[a-z-]+`)

func unzipped(t *testing.T, packed string) string {
	t.Helper()
	reader, err := gzip.NewReader(strings.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	return string(plain)
}

func BenchmarkNew(b *testing.B) {
	files := realExport(b)
	for b.Loop() {
		if _, err := site.New(files, realOptions(b)); err != nil {
			b.Fatal(err)
		}
	}
}
