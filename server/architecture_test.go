package server_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "lychgate"

// layer says what a package of ours may import.
type layer struct {
	ours []string // packages of ours, below server/
	echo bool     // Echo, so that moving to its next major version stays a day's work
}

// layers hold the one rule of the layout: main → cli → server → features →
// web → store → problem. A new package needs a line here; give it the least
// that it can live with.
var layers = map[string]layer{
	// Leaves: they know no feature, and no HTTP framework.
	"server/problem":  {},
	"server/origin":   {},
	"server/config":   {ours: []string{"origin", "problem", "secret"}},
	"server/secret":   {ours: []string{"problem"}},
	"server/database": {ours: []string{"problem"}},
	"server/store":    {ours: []string{"database", "problem"}},
	"server/backup":   {ours: []string{"database", "store"}},

	// What all answers share. It knows no feature and no store: the server
	// hands it the session look-up as a function.
	"server/web": {ours: []string{"origin", "problem"}, echo: true},

	// Features: none knows config, and account → auth is the one edge between
	// two of them.
	"server/auth":    {ours: []string{"problem", "secret", "store", "web"}, echo: true},
	"server/account": {ours: []string{"auth", "problem", "secret", "store", "web"}, echo: true},
	"server/site":    {ours: []string{"problem", "web"}, echo: true},

	// What builds the parts, and what starts it.
	"server":     {ours: []string{"account", "auth", "config", "database", "origin", "problem", "secret", "site", "store", "web"}, echo: true},
	"server/cli": {ours: []string{"", "auth", "backup", "config", "origin", "problem", "secret", "store"}},
	"":           {ours: []string{"cli"}},

	// For tests alone.
	"server/site/sitetest":   {},
	"server/store/storetest": {ours: []string{"problem", "store"}},
	"server/servertest":      {ours: []string{"", "config", "origin", "problem"}},
}

func TestImportsFollowTheLayers(t *testing.T) {
	tree := packages(t)
	for _, directory := range slices.Sorted(maps.Keys(tree)) {
		rule, known := layers[directory]
		if !known {
			t.Errorf("package %s has no line in layers: add one that says what it may import, and whether it is a leaf or a feature", name(directory))
			continue
		}
		for _, imported := range tree[directory] {
			inside, ours := strings.CutPrefix(imported, module+"/server")
			switch {
			case isEcho(imported) && !rule.echo:
				t.Errorf("%s imports %s: Echo stays in web, the features and server", name(directory), imported)
			case strings.HasSuffix(imported, "test") && ours:
				t.Errorf("%s imports %s, which is for tests alone", name(directory), imported)
			case ours && !slices.Contains(rule.ours, strings.TrimPrefix(inside, "/")):
				t.Errorf("%s imports %s, against the layers: main → cli → server → features → web → store → problem. Pass what it needs from above as a value or a function", name(directory), imported)
			}
		}
	}
	for directory := range layers {
		if _, found := tree[directory]; !found {
			t.Errorf("layers has a line for %s, and there is no such package: remove it", name(directory))
		}
	}
}

func isEcho(imported string) bool { return strings.HasPrefix(imported, "github.com/labstack/echo") }

func name(directory string) string { return path.Join(module, directory) }

// packages returns what each package of the program imports, tests left out,
// by directory below the root of the repository.
func packages(t *testing.T) map[string][]string {
	t.Helper()
	const root = ".."
	tree := make(map[string][]string)
	read := func(file string) {
		t.Helper()
		if !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		relative, err := filepath.Rel(root, filepath.Dir(file))
		if err != nil {
			t.Fatal(err)
		}
		directory := strings.TrimPrefix(filepath.ToSlash(relative), ".")
		for _, spec := range parsed.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			tree[directory] = append(tree[directory], imported)
		}
	}
	// By name: go test would not remember a result that came of looking into a
	// directory where the binary is built anew.
	for _, file := range []string{"main.go", "embed.go"} {
		read(filepath.Join(root, file))
	}
	err := filepath.WalkDir(filepath.Join(root, "server"), func(file string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && entry.Name() == "testdata" {
			return filepath.SkipDir
		}
		if err == nil && !entry.IsDir() {
			read(file)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return tree
}
