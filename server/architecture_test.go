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

// The layers, from the top: a package may import those of lower layers, and of its
// own layer only where that is said below. What a package is follows from what it
// imports, so that a new one needs no line here.
const (
	leaf     = iota // knows neither Echo nor anything but leaves
	middle          // web: what all of them share
	shared          // session and user: what several features are built on
	feature         // knows Echo, and no other feature
	root            // builds the parts: the one place where features meet
	command         // the command line
	program         // main
	forTests        // may import anything, and is imported by tests alone
)

// fixed are the packages whose layer is a decision, and not seen by their imports.
var fixed = map[string]int{
	"": program, "server/cli": command, "server": root, "server/session": shared, "server/user": shared, "server/web": middle,
}

// layerOf returns the layer of a package.
func layerOf(directory string, tree map[string][]string) int {
	if layer, known := fixed[directory]; known {
		return layer
	}
	if strings.HasSuffix(directory, "test") {
		return forTests
	}
	for parent := path.Dir(directory); parent != "."; parent = path.Dir(parent) {
		if layer, known := fixed[parent]; known && parent != "server" {
			return layer // a part of it that has a folder of its own
		}
	}
	for _, imported := range tree[directory] {
		inside, ours := strings.CutPrefix(imported, module+"/")
		if isEcho(imported) || ours && layerOf(inside, tree) > leaf {
			return feature
		}
	}
	return leaf
}

// mayImport reports whether a package of one layer may import one of another.
func mayImport(from, to int, nested bool) bool {
	switch {
	case from == forTests:
		return true
	case to == forTests:
		return false
	case from == to: // leaves lean on leaves, user on session, and a package on its own parts
		return from == leaf || from == shared || nested
	}
	return from > to
}

func TestImportsFollowTheLayers(t *testing.T) {
	tree := packages(t)
	for _, directory := range slices.Sorted(maps.Keys(tree)) {
		layer := layerOf(directory, tree)
		for _, imported := range tree[directory] {
			inside, ours := strings.CutPrefix(imported, module+"/")
			nested := strings.HasPrefix(inside, directory+"/") || strings.HasPrefix(directory, inside+"/")
			switch {
			case isEcho(imported) && (layer == shared || layer > root):
				t.Errorf("%s imports %s: Echo stays in web, the features and server", name(directory), imported)
			case ours && !mayImport(layer, layerOf(inside, tree), nested):
				t.Errorf("%s imports %s, against the layers: main → cli → server → features → session, user → web → leaves. Pass what it needs from above as a value or a function", name(directory), imported)
			case inside == "server/config" && layer < root:
				t.Errorf("%s imports %s: only cli and server read settings. Pass what it needs as values", name(directory), imported)
			}
		}
	}
	for directory := range fixed {
		if _, found := tree[directory]; !found {
			t.Errorf("there is no package %s: take it out of fixed", name(directory))
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
