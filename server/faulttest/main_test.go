//go:build linux

// Package faulttest breaks what a running server stands on and looks at what
// is left: the process, the disk, the lock of the database, the network, the
// cores. It owns no code of the program; it starts the binary as anybody would
// and asks it over HTTP. The quick form of each test runs with all others; with
// -full they run as long and as hard as docs/reliability.md says, and print the
// table that stands there.
package faulttest

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// full asks for the runs of docs/reliability.md, which take minutes each.
var full = flag.Bool("full", false, "run each test as docs/reliability.md says")

// lychgate is the binary under test, as `make build` makes it.
var lychgate string

func TestMain(m *testing.M) {
	flag.Parse()
	if role := os.Getenv(roleVariable); role != "" {
		os.Exit(play(role))
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "faulttest")
	if err != nil {
		return failed(err)
	}
	defer os.RemoveAll(dir)
	// Everybody may enter, for one test runs the binary as somebody else.
	if err := os.Chmod(dir, 0o755); err != nil {
		return failed(err)
	}
	lychgate = filepath.Join(dir, "lychgate")
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", lychgate, "lychgate")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		return failed(fmt.Errorf("build the binary: %w\n%s", err, output))
	}
	status := m.Run()
	table.print()
	return status
}

func failed(err error) int {
	fmt.Fprintln(os.Stderr, err)
	return 1
}

// quick says how often or how long a test does something: briefly, unless all
// of it was asked for.
func quick[T any](briefly, fully T) T {
	if *full {
		return fully
	}
	return briefly
}

// fullOnly skips a test that has no quick form.
func fullOnly(t *testing.T, why string) {
	t.Helper()
	if !*full {
		t.Skipf("%s: `make faults` runs it", why)
	}
}

// parallel lets a test run beside others, unless its figures count.
func parallel(t *testing.T) {
	t.Helper()
	if !*full {
		t.Parallel()
	}
}

// tool returns the path of a program that a test needs, or skips the test.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is not installed, and this test needs it: on Debian, apt-get install %s", name, name)
	}
	return path
}

// table holds what was measured, in the order in which it was.
var table figures

type figures struct {
	mu   sync.Mutex
	rows []string
}

// row adds a line: what was done, what came of it.
func row(t *testing.T, what, figure string, args ...any) {
	t.Helper()
	figure = fmt.Sprintf(figure, args...)
	t.Logf("%s: %s", what, figure)
	table.mu.Lock()
	defer table.mu.Unlock()
	table.rows = append(table.rows, fmt.Sprintf("| %s | %s | `%s` |", what, figure, t.Name()))
}

// print shows the table, where all of it was asked for.
func (f *figures) print() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !*full || len(f.rows) == 0 {
		return
	}
	fmt.Printf("\n| what | figure | test |\n| --- | --- | --- |\n%s\n\n", strings.Join(f.rows, "\n"))
}

// ms writes a duration as milliseconds.
func ms(d time.Duration) string {
	return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
}
