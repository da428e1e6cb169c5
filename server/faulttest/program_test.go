//go:build linux

package faulttest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// patience is how long a test waits for what should happen at once. On a busy
// machine that can take long; a test that fails waits all of it.
const patience = 3 * time.Minute

// program is a running server.
type program struct {
	URL     string
	Dir     string // its data
	t       testing.TB
	cmd     *exec.Cmd
	pid     int
	log     *bytes.Buffer
	started time.Duration // until it was ready
	ended   chan struct{} // closed when it has exited
	err     error         // how, once it has
}

// cheap are the flags of a server when its limits are not under test.
var cheap = []string{"--bcrypt-cost", "10", "--login-attempts", "1000000/s", "--register-attempts", "1000000/s", "--log-level", "warn"}

// start runs the binary on a data directory until the test ends.
func start(t testing.TB, dir string, flags ...string) *program {
	t.Helper()
	return startCommand(t, dir, exec.Command(lychgate, serveFlags(dir, flags...)...))
}

func serveFlags(dir string, flags ...string) []string {
	return append([]string{"serve", "--addr", "localhost:0", "--data-dir", dir}, flags...)
}

// startCommand runs a command that executes the binary.
func startCommand(t testing.TB, dir string, cmd *exec.Cmd) *program {
	t.Helper()
	p, err := launch(t, dir, cmd)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// launch is startCommand for a program that may fail to start.
func launch(t testing.TB, dir string, cmd *exec.Cmd) (*program, error) {
	t.Helper()
	p := &program{Dir: dir, t: t, cmd: cmd, log: &bytes.Buffer{}, ended: make(chan struct{})}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = p.log
	begun := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ready := make(chan string, 1)
	go func() {
		defer close(p.ended)
		lines := bufio.NewScanner(stdout)
		for lines.Scan() {
			if address, found := strings.CutPrefix(lines.Text(), "lychgate is ready at "); found {
				ready <- address
			}
		}
		p.err = cmd.Wait()
	}()
	t.Cleanup(p.Kill)
	select {
	case p.URL = <-ready:
		p.started = time.Since(begun)
		p.pid = cmd.Process.Pid
		return p, nil
	case <-p.ended:
		return nil, fmt.Errorf("it ended (%w) before it was ready:\n%s", p.err, p.log)
	case <-time.After(patience):
		return nil, errors.New("it is not ready after " + patience.String())
	}
}

// Kill kills the process if it still runs.
func (p *program) Kill() {
	p.cmd.Process.Kill() // it may have exited
	<-p.ended
}

// Stop sends SIGTERM and returns how long the process took to exit. It fails
// the test unless the exit status is 0.
func (p *program) Stop() time.Duration {
	p.t.Helper()
	begun := time.Now()
	if err := syscall.Kill(p.pid, syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	select {
	case <-p.ended:
	case <-time.After(patience):
		p.t.Fatal("it does not stop")
	}
	if p.err != nil {
		p.t.Errorf("it stopped with %v\n%s", p.err, p.log)
	}
	return time.Since(begun)
}

// resident returns the resident memory of the process in MB.
func (p *program) resident() float64 {
	p.t.Helper()
	return p.status("VmRSS") / 1024
}

// status returns a number from /proc/PID/status.
func (p *program) status(name string) float64 {
	p.t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.pid))
	if err != nil {
		p.t.Skipf("this system does not tell of its processes: %v", err)
	}
	for line := range strings.Lines(string(text)) {
		if rest, found := strings.CutPrefix(line, name+":"); found {
			value, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			if err != nil {
				p.t.Fatal(err)
			}
			return value
		}
	}
	p.t.Fatalf("no %s", name)
	return 0
}

// handles returns the number of open file descriptors of the process.
func (p *program) handles() int {
	p.t.Helper()
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", p.pid))
	if err != nil {
		p.t.Fatal(err)
	}
	return len(entries)
}

// database returns the path of the database.
func (p *program) database() string { return filepath.Join(p.Dir, "lychgate.db") }

// eventually waits for a condition, and fails the test if it does not come true
// in time.
func eventually(t testing.TB, what string, within time.Duration, condition func() bool) {
	t.Helper()
	for begun := time.Now(); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Since(begun) > within {
			t.Fatalf("after %v still not: %s", within, what)
		}
	}
}
