package server_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"lychgate/server"
	"lychgate/server/audit"
)

// eachFile parses every file of the program, tests left out, and hands it over with
// its directory below server.
func eachFile(t *testing.T, look func(directory string, file *ast.File)) {
	t.Helper()
	err := filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == "testdata" || strings.HasSuffix(entry.Name(), "test")):
			return filepath.SkipDir
		case entry.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err == nil {
			look(filepath.ToSlash(filepath.Dir(name)), file)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// selected returns the name that a node takes from a package, or the empty string.
func selected(n ast.Node, from string) string {
	selector, ok := n.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	if x, ok := selector.X.(*ast.Ident); !ok || x.Name != from {
		return ""
	}
	return selector.Sel.Name
}

// A session is made in one place, so that every way to sign in goes by the same
// rules.
func TestSessionsStartInOnePlace(t *testing.T) {
	var places []string
	eachFile(t, func(directory string, file *ast.File) {
		ast.Inspect(file, func(n ast.Node) bool {
			if selector, ok := n.(*ast.SelectorExpr); ok && selector.Sel.Name == "CreateSession" {
				places = append(places, directory)
			}
			return true
		})
	})
	if !slices.Equal(places, []string{"session"}) {
		t.Errorf("CreateSession is used in %v, want session alone, once: start sessions with session.Service.Start", places)
	}
}

// There is one list of events: each that is declared is on it and occurs, none is
// written past package audit, and the contract has the same.
func TestOneListOfEvents(t *testing.T) {
	declared, occurring := map[string]bool{}, map[string]bool{}
	eachFile(t, func(directory string, file *ast.File) {
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ValueSpec:
				if kind, ok := n.Type.(*ast.Ident); ok && directory == "audit" && kind.Name == "Event" {
					declared[n.Names[0].Name] = true
				}
			case *ast.SelectorExpr:
				occurring[selected(n, "audit")] = true
			case *ast.CallExpr:
				if fun, ok := n.Fun.(*ast.SelectorExpr); ok && (fun.Sel.Name == "Audit" || fun.Sel.Name == "AuditAccount") && directory != "audit" {
					t.Errorf("%s writes to the audit log by itself; audit.Write does", directory)
				}
				if selected(n.Fun, "audit") == "Event" {
					t.Errorf("%s makes an event of a text; declare it in package audit", directory)
				}
			}
			return true
		})
	})
	var listed []string
	for _, event := range audit.Events() {
		listed = append(listed, string(event))
	}
	if unique := slices.Compact(slices.Sorted(slices.Values(listed))); len(unique) != len(declared) || len(listed) != len(declared) || len(declared) == 0 {
		t.Errorf("%d events are declared, and Events has %d: %v", len(declared), len(listed), listed)
	}
	for name := range declared {
		if !occurring[name] {
			t.Errorf("the event audit.%s occurs nowhere", name)
		}
	}

	text, err := server.Contract()
	if err != nil {
		t.Fatal(err)
	}
	var document struct {
		Components struct {
			Schemas struct {
				Event struct {
					Properties struct{ Event struct{ Enum []string } }
				}
			}
		}
	}
	if err := json.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	if enum := document.Components.Schemas.Event.Properties.Event.Enum; enum != nil && !slices.Equal(enum, listed) {
		t.Errorf("the contract lists the events\n%v, and the code\n%v", enum, listed)
	}
}
