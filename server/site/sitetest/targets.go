package sitetest

import (
	_ "embed"
	"strconv"
	"strings"
	"testing"
)

//go:embed targets.txt
var targetsText string

// fewest is the least number of distinct targets.
const fewest = 400

// Targets returns hostile request targets: a written list, and some too long
// for it.
func Targets(t testing.TB) []string {
	t.Helper()
	targets := handWritten(t)
	if len(targets) < fewest {
		t.Fatalf("%d targets, want %d", len(targets), fewest)
	}
	return append(targets, long()...)
}

func handWritten(t testing.TB) (targets []string) {
	t.Helper()
	known := make(map[string]bool)
	for line := range strings.Lines(targetsText) {
		target := strings.TrimSuffix(line, "\n")
		switch {
		case target == "" || target == "#" || strings.HasPrefix(target, "# "):
			continue
		case target[0] == '"':
			var err error
			if target, err = strconv.Unquote(target); err != nil {
				t.Fatalf("%s: %v", line, err)
			}
		}
		if known[target] {
			t.Fatalf("the target %q is there twice", target)
		}
		known[target] = true
		targets = append(targets, target)
	}
	return targets
}

// long returns targets with many segments and many bytes that still fit into
// the server's header limit.
func long() []string {
	const times = 1000
	many := func(text string) string { return strings.Repeat(text, times) }
	return []string{
		"/dashboard" + many("/x"),
		"/dashboard" + many("/"),
		"/dashboard/" + many("a"),
		"/dashboard/settings" + many("/.."),
		many("/..") + "/dashboard.html",
		many("/.") + "/dashboard.html",
		many("/x") + many("/..") + "/dashboard.html",
		many("/") + "dashboard.html",
		many("%2e%2e/") + "dashboard.html",
		"/dashboard.html" + many("%00"),
		"/dashboard.html" + many(";x"),
		"/dashboard.html?" + many("a&"),
		"/dashboard?next=" + many("/dashboard"),
		"/%" + many("25") + "64ashboard.html",
	}
}
