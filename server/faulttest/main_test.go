//go:build linux

// Package faulttest injects faults below a running server and checks the
// result: in the process, the disk, the database lock, the network, the CPU. It
// has no code of the program; it starts the binary and uses it over HTTP. All
// tests have a quick form; with -full they run as described in
// docs/reliability.md and print the table in that document.
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

// full requests the runs of docs/reliability.md, which take minutes each.
var full = flag.Bool("full", false, "run each test as docs/reliability.md says")

// lychgate is the binary under test, as built by `make build`.
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
	// Accessible to everybody, because one test runs the binary as another
	// user.
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

// quick returns how often or how long to do something: briefly, or fully with
// -full.
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

// parallel runs a test in parallel unless its measurements count.
func parallel(t *testing.T) {
	t.Helper()
	if !*full {
		t.Parallel()
	}
}

// table holds the measurements in order.
var table figures

type figures struct {
	mu   sync.Mutex
	rows []string
}

// row adds a measurement to the table.
func row(t *testing.T, what, figure string, args ...any) {
	t.Helper()
	figure = fmt.Sprintf(figure, args...)
	t.Logf("%s: %s", what, figure)
	table.mu.Lock()
	defer table.mu.Unlock()
	table.rows = append(table.rows, fmt.Sprintf("| %s | %s | `%s` |", what, figure, t.Name()))
}

// print prints the table with -full.
func (f *figures) print() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !*full || len(f.rows) == 0 {
		return
	}
	fmt.Printf("\n| what | figure | test |\n| --- | --- | --- |\n%s\n\n", strings.Join(f.rows, "\n"))
}

// ms formats a duration in milliseconds.
func ms(d time.Duration) string {
	return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
}
