//go:build linux

package faulttest

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"lychgate/server/servertest"
)

// trace attaches strace to a running server. The returned function detaches it
// and returns its output. (Preloaded libraries do not affect a static binary,
// so faults must come from the kernel.)
func trace(t *testing.T, p *program, args ...string) (letGo func() string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "trace")
	args = append([]string{"-f", "-y", "-s", "40", "-o", file, "-p", strconv.Itoa(p.pid)}, args...)
	cmd := exec.Command(servertest.Tool(t, "strace", "strace"), args...)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	attached := make(chan error, 1)
	ended := make(chan error, 1)
	go func() {
		lines := bufio.NewScanner(stderr)
		var err error
		if lines.Scan(); !strings.Contains(lines.Text(), "attached") {
			err = fmt.Errorf("strace: %s", lines.Text())
		}
		attached <- err
		for lines.Scan() { // it must not wait for a reader
		}
		ended <- cmd.Wait()
	}()
	if err := <-attached; err != nil {
		t.Skipf("strace may not attach here: %v", err)
	}
	return func() string {
		t.Helper()
		if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
			t.Fatal(err)
		}
		<-ended // strace ends by the signal that it was sent
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
}

// While the disk refuses writes in some way, no write is acknowledged and
// everything else works. Once it accepts them, so does the server, without a
// restart.
func TestDiskFaults(t *testing.T) {
	parallel(t)
	for _, fault := range []struct{ call, failure string }{
		{"pwrite64", "ENOSPC"},
		{"pwrite64", "EIO"},
		{"pwrite64", "EROFS"},
		{"fsync,fdatasync", "EIO"},
		{"fsync,fdatasync", "ENOSPC"},
	} {
		t.Run(fault.call+" "+fault.failure, func(t *testing.T) {
			dir := t.TempDir()
			p := start(t, dir, cheap...)
			c := p.signIn(t)
			c.wants(t, http.StatusOK, http.MethodPatch, "/api/user/profile", servertest.Object("name", "before"))

			letGo := trace(t, p, "-e", "trace="+fault.call, "-e", "inject="+fault.call+":error="+fault.failure)
			refused := 0
			for range quick(2, 20) {
				refused += wantsNoWrite(t, c)
				wantsReads(t, c)
			}
			traced := letGo()
			if hits := strings.Count(traced, "(INJECTED)"); hits == 0 {
				t.Fatalf("no fault was injected:\n%s", traced)
			}

			begun := time.Now()
			eventually(t, "writes are taken again", patience, func() bool {
				got, err := c.ask(t.Context(), http.MethodPatch, "/api/user/profile", servertest.Object("name", "after"))
				return err == nil && got.StatusCode == http.StatusOK
			})
			recovered := time.Since(begun)
			c.wants(t, http.StatusOK, http.MethodPost, "/api/auth/refresh", servertest.Object("refreshToken", c.refresh))
			p.Kill() // what was acknowledged since is on the disk
			wantsIntegrity(t, p.database())
			again := start(t, dir, cheap...)
			c.url = again.URL
			c.login(t, "ada@example.com")
			if got := c.wants(t, http.StatusOK, http.MethodGet, "/api/user/profile", ""); !strings.Contains(string(got.body), `"after"`) {
				t.Errorf("the last acknowledged write is lost: %s", got.body)
			}
			row(t, fault.call+" fails with "+fault.failure, "%d writes, all 503, reads and guard go on; %s after it ended a write succeeds", refused, ms(recovered))
		})
	}
}

// wantsNoWrite tries each kind of write, fails the test unless all are refused
// as faults of the store, and returns how many there were.
func wantsNoWrite(t *testing.T, c *client) int {
	t.Helper()
	writes := []struct{ method, path, body string }{
		{http.MethodPatch, "/api/user/profile", servertest.Object("name", "during")},
		{http.MethodPost, "/api/auth/register", servertest.Object("email", "new@example.com", "password", password)},
		{http.MethodPost, "/api/auth/login", servertest.Object("email", "ada@example.com", "password", password)},
		{http.MethodPost, "/api/auth/login", servertest.Object("email", "ada@example.com", "password", "not the password")},
		{http.MethodPost, "/api/auth/refresh", servertest.Object("refreshToken", c.refresh)},
		{http.MethodPost, "/api/user/password", servertest.Object("currentPassword", password, "newPassword", "another horse battery")},
		{http.MethodDelete, "/api/user/sessions", ""},
	}
	for _, write := range writes {
		got := c.wants(t, http.StatusServiceUnavailable, write.method, write.path, write.body)
		if got.Header.Get("Retry-After") == "" || !strings.Contains(got.Header.Get("Content-Type"), "problem+json") {
			t.Errorf("%s %s: no Retry-After, or no problem: %v", write.method, write.path, got.Header)
		}
		if strings.Contains(string(got.body), "disk") || strings.Contains(string(got.body), "SQL") {
			t.Errorf("%s %s: an internal error is exposed: %s", write.method, write.path, got.body)
		}
	}
	return len(writes)
}

// wantsReads fails the test unless reading and the guard work.
func wantsReads(t *testing.T, c *client) {
	t.Helper()
	c.wants(t, http.StatusOK, http.MethodGet, "/api/user/profile", "")
	c.wants(t, http.StatusOK, http.MethodGet, "/", "")
	c.wants(t, http.StatusOK, http.MethodGet, "/healthz", "")
	stranger := &client{url: c.url, http: c.http}
	stranger.wants(t, http.StatusSeeOther, http.MethodGet, "/dashboard", "")
	stranger.wants(t, http.StatusUnauthorized, http.MethodGet, "/api/user/profile", "")
}

// A write is on disk before it is acknowledged: the log is synced exactly once
// between request and answer.
func TestSyncedBeforeAcknowledged(t *testing.T) {
	parallel(t)
	p := start(t, t.TempDir(), cheap...)
	c := p.signIn(t)
	letGo := trace(t, p, "-e", "trace=fdatasync,fsync,write")
	const writes = 50
	for i := range writes {
		c.wants(t, http.StatusOK, http.MethodPatch, "/api/user/profile", servertest.Object("name", strconv.Itoa(i)))
	}
	traced := letGo()
	synced := regexp.MustCompile(`f(data)?sync\(\d+<.*lychgate\.db-wal>`)
	answered := regexp.MustCompile(`write\(\d+<(TCP|socket).*"HTTP/1\.1 (\d+)`)
	syncs, answers, since := 0, 0, 0
	for line := range strings.Lines(traced) {
		switch {
		case synced.MatchString(line):
			syncs++
			since++
		case answered.MatchString(line):
			answers++
			if since == 0 {
				t.Errorf("answer %d came before the log was synced", answers)
			}
			since = 0
		}
	}
	if answers != writes {
		t.Fatalf("%d answers to %d writes:\n%.4000s", answers, writes, traced)
	}
	if syncs > writes+writes/10 { // a checkpoint syncs too, now and then
		t.Errorf("%d syncs for %d writes", syncs, writes)
	}
	row(t, "order of fdatasync and answer", "%d writes, %d syncs of the log, one before each answer", writes, syncs)
}

// A server that cannot use its data directory says so at once, and what to do
// about it, in one line of its log.
func TestReadOnlyDirectory(t *testing.T) {
	parallel(t)
	const writable, choose = "must be writable", "choose another one with --data-dir"
	for _, test := range []struct {
		name   string
		filled bool
		modes  map[string]os.FileMode // of the directory (""), of its parent (".."), of files in it; "*" is all others
		says   []string
	}{
		{"empty", false, map[string]os.FileMode{"": 0o500}, []string{"permission denied", writable}},
		{"with a database", true, map[string]os.FileMode{"": 0o500, "*": 0o400}, []string{"permission denied", writable}},
		{"with files that can be written", true, map[string]os.FileMode{"": 0o500}, []string{"lychgate.db", writable, choose}},
		{"not, but its database", true, map[string]os.FileMode{"lychgate.db": 0o400}, []string{"lychgate.db: permission denied", writable, choose}},
		{"not, but its secret is closed", true, map[string]os.FileMode{"secret": 0}, []string{"secret: permission denied", writable, choose}},
		{"not, but it cannot be made", false, map[string]os.FileMode{"..": 0o500}, []string{"make the data directory", "permission denied", "mkdir, chown", choose}},
	} {
		t.Run(test.name, func(t *testing.T) {
			parent := filepath.Join(filepath.Dir(lychgate), strings.NewReplacer("/", "-", " ", "-", ",", "").Replace(t.Name()))
			dir := filepath.Join(parent, "data")
			made := dir
			if _, hindered := test.modes[".."]; hindered {
				made = parent
			}
			if err := os.MkdirAll(made, 0o700); err != nil {
				t.Fatal(err)
			}
			if test.filled {
				start(t, dir, cheap...).Stop()
			}
			defer os.Chmod(dir, 0o700) // so that it can be removed
			defer os.Chmod(parent, 0o700)
			if err := filepath.WalkDir(parent, func(path string, _ os.DirEntry, err error) error {
				if err != nil {
					return err
				}
				if os.Getuid() == 0 {
					return os.Chown(path, nobody, nobody)
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			setModes(t, dir, test.modes)
			words := refusesToStart(t, nobody, serveFlags(dir)...)
			for _, want := range append(test.says, dir) {
				if !strings.Contains(words, want) {
					t.Errorf("it does not say %q: %s", want, words)
				}
			}
			row(t, "start on a read-only directory, "+test.name, "status 1: %s", strings.ReplaceAll(words, dir, "…"))
		})
	}
}

// setModes changes the modes of a directory's files, then its own, then its
// parent's.
func setModes(t *testing.T, dir string, modes map[string]os.FileMode) {
	t.Helper()
	change := func(path string, mode os.FileMode) {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	files, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	for _, file := range files {
		mode, found := modes[file.Name()]
		if !found {
			mode, found = modes["*"]
		}
		if found {
			change(filepath.Join(dir, file.Name()), mode)
		}
	}
	for _, name := range []string{"", ".."} {
		if mode, found := modes[name]; found {
			change(filepath.Join(dir, name), mode)
		}
	}
}

// refusesToStart runs the binary as a user, if root runs the test, and returns
// the one error that it logs before it exits with status 1.
func refusesToStart(t *testing.T, user uint32, args ...string) (words string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, lychgate, args...)
	cmd.Dir = filepath.Dir(lychgate)
	if os.Getuid() == 0 && user != 0 { // to whom every directory is open
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: user, Gid: user}}
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Run(); cmd.ProcessState.ExitCode() != 1 {
		t.Errorf("it ended with %v, want status 1", err)
	}
	for line := range strings.Lines(stderr.String()) {
		var logged struct{ Level, Msg, Error string }
		if err := json.Unmarshal([]byte(line), &logged); err != nil {
			t.Errorf("this is no line of a log in JSON: %s", line)
		}
		if logged.Level == "ERROR" {
			if words != "" || logged.Msg == "" {
				t.Errorf("it says more, or nothing:\n%s", &stderr)
			}
			words = logged.Error
		}
	}
	return words
}

// Even root cannot write to a disk that is full or read-only.
func TestMountedDirectory(t *testing.T) {
	for _, test := range []struct {
		name, options string
		says          []string
	}{
		{"full", "size=64k", []string{"database or disk is full", "make room"}},
		{"read-only", "ro", []string{"read-only file system", "mount it for writing", "--data-dir"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			if output, err := exec.CommandContext(t.Context(), "mount", "-t", "tmpfs", "-o", test.options, "lychgate-test", dir).CombinedOutput(); err != nil {
				t.Skipf("nothing can be mounted here (it takes root): %v: %s", err, output)
			}
			defer func() {
				if err := syscall.Unmount(dir, 0); err != nil {
					t.Error(err)
				}
			}()
			words := refusesToStart(t, 0, serveFlags(dir)...)
			for _, want := range append(test.says, dir) {
				if !strings.Contains(words, want) {
					t.Errorf("it does not say %q: %s", want, words)
				}
			}
		})
	}
}

// A port below 1024 takes a capability, and the line says which.
func TestLowPort(t *testing.T) {
	const name = "/proc/sys/net/ipv4/ip_unprivileged_port_start"
	if first, err := os.ReadFile(name); err != nil || strings.TrimSpace(string(first)) == "0" {
		t.Skipf("every port is open to everybody here (%s: %s %v)", name, first, err)
	}
	words := refusesToStart(t, nobody, "serve", "--addr", "localhost:1", "--data-dir", filepath.Join(t.TempDir(), "data"))
	for _, want := range []string{"listen on localhost:1", "permission denied", "CAP_NET_BIND_SERVICE", "--addr"} {
		if !strings.Contains(words, want) {
			t.Errorf("it does not say %q: %s", want, words)
		}
	}
}

// nobody is a user who owns nothing.
const nobody = 65534
