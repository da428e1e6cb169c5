//go:build unix

package cli_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"lychgate/server/servertest"
)

// program links this test binary to its name as lychgate.
func program(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "lychgate")
	if err := os.Symlink(self, link); err != nil {
		t.Fatal(err)
	}
	return link
}

// running is a server in a separate process.
type running struct {
	url            string
	cmd            *exec.Cmd
	stdout, stderr *os.File // where it can be read
	ended          chan error
}

// launch starts a command that executes a server, and waits until it is ready.
func launch(t *testing.T, cmd *exec.Cmd) *running {
	t.Helper()
	stdout, toStdout, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	stderr, toStderr, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = toStdout, toStderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	toStdout.Close()
	toStderr.Close()
	p := &running{cmd: cmd, stdout: stdout, stderr: stderr, ended: make(chan error, 1)}
	go func() { p.ended <- cmd.Wait() }()
	t.Cleanup(func() {
		cmd.Process.Kill() // it may have exited
		stdout.Close()
		stderr.Close()
	})
	if err := stdout.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	p.url = strings.TrimSpace(strings.TrimPrefix(line, "lychgate is ready at "))
	return p
}

// stop sends SIGTERM and fails the test unless the exit status is 0.
func (p *running) stop(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-p.ended:
		if err != nil {
			t.Errorf("it ended with %v", err)
		}
	case <-time.After(patience):
		t.Error("it does not stop")
	}
}

// status requests a path on a new connection.
func (p *running) status(t *testing.T, path string) int {
	t.Helper()
	client := &http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Get(p.url + path)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	return answer.StatusCode
}

// The server survives when the readers of its log and standard output are gone,
// and stops in order.
func TestReadersThatDie(t *testing.T) {
	t.Parallel()
	p := launch(t, exec.Command(program(t), "--addr", "localhost:0", "--data-dir", t.TempDir(), "--log-level", "debug"))
	p.stdout.Close()
	p.stderr.Close()
	for range 10 {
		if status := p.status(t, "/nowhere"); status != http.StatusNotFound {
			t.Errorf("status %d", status)
		}
	}
	p.stop(t)
}

// Other commands end silently when nobody reads their output, as in "lychgate
// user list | head", with their work done.
func TestReadersOfCommandsThatDie(t *testing.T) {
	t.Parallel()
	lychgate, dir := program(t), t.TempDir()
	run := func(stdout *os.File, arguments ...string) (status int, stderr string) {
		t.Helper()
		var words bytes.Buffer
		cmd := exec.Command(lychgate, append(arguments, "--data-dir", dir)...)
		cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(servertest.Password), stdout, &words
		if err := cmd.Run(); cmd.ProcessState == nil {
			t.Fatal(err)
		}
		return cmd.ProcessState.ExitCode(), words.String()
	}
	reader, dead, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	reader.Close()
	defer dead.Close()
	if status, words := run(nil, "user", "create", "--email", "ada@example.com", "--bcrypt-cost", "10"); status != 0 {
		t.Fatalf("status %d: %s", status, words)
	}
	for _, arguments := range [][]string{
		{"user", "list"}, {"user", "list", "--json"}, {"audit"}, {"session", "list"}, {"key", "list"},
		{"user", "disable", "--email", "ada@example.com"},
	} {
		if status, words := run(dead, arguments...); status != 1 || words != "" {
			t.Errorf("%q: status %d, words %q", arguments, status, words)
		}
	}
	file, err := os.Create(filepath.Join(dir, "list"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if status, words := run(file, "user", "list"); status != 0 {
		t.Fatalf("status %d: %s", status, words)
	}
	if list, err := os.ReadFile(file.Name()); err != nil || !strings.Contains(string(list), "disabled") {
		t.Errorf("%s, %v: the account is not disabled", list, err)
	}
}

// SIGHUP interrupts nothing.
func TestHangup(t *testing.T) {
	t.Parallel()
	p := launch(t, exec.Command(program(t), "--addr", "localhost:0", "--data-dir", t.TempDir()))
	go io.Copy(io.Discard, p.stderr) // it ends with the process
	address, err := url.Parse(p.url)
	if err != nil {
		t.Fatal(err)
	}
	connection, err := net.DialTimeout("tcp", address.Host, patience)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	body := servertest.Object("email", "ada@example.com", "password", servertest.Password)
	fmt.Fprintf(connection, "POST /api/auth/register HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n", address.Host, len(body))
	answers := bufio.NewReader(connection)
	for _, want := range []string{"HTTP/1.1 100 Continue\r\n", "\r\n"} { // now the handler reads the body
		if line, err := answers.ReadString('\n'); err != nil || line != want {
			t.Fatalf("%q, %v", line, err)
		}
	}
	for range 3 {
		if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		if status := p.status(t, "/healthz"); status != http.StatusOK {
			t.Errorf("status %d", status)
		}
	}
	if _, err := io.WriteString(connection, body); err != nil {
		t.Fatal(err)
	}
	answer, err := http.ReadResponse(answers, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusCreated || answer.Close {
		t.Errorf("the request in flight got %s, close %v", answer.Status, answer.Close)
	}
	p.stop(t)
}

// The log reports running out of file descriptors, with advice, and when it is
// over.
func TestOutOfFileDescriptors(t *testing.T) {
	t.Parallel()
	p := launch(t, exec.Command("sh", "-c", "ulimit -n 64 && exec "+program(t)+" --addr localhost:0 --data-dir "+t.TempDir()))
	log := make(chan string, 1000)
	go func() {
		defer close(log)
		for lines := bufio.NewScanner(p.stderr); lines.Scan(); {
			log <- lines.Text()
		}
	}()
	said := func(words string) string {
		t.Helper()
		giveUp := time.After(patience)
		for {
			select {
			case line := <-log:
				if strings.Contains(line, words) {
					return line
				}
			case <-giveUp:
				t.Fatalf("the log does not say %q", words)
			}
		}
	}
	address, err := url.Parse(p.url)
	if err != nil {
		t.Fatal(err)
	}
	var held []net.Conn
	for range 80 { // the system takes them, for the server to accept
		connection, err := net.DialTimeout("tcp", address.Host, patience)
		if err != nil {
			t.Fatal(err)
		}
		held = append(held, connection)
	}
	line := said("out of file descriptors")
	for _, words := range []string{`"level":"ERROR"`, "ulimit -n", "LimitNOFILE"} {
		if !strings.Contains(line, words) {
			t.Errorf("%s lacks %q", line, words)
		}
	}
	for _, connection := range held {
		connection.Close()
	}
	said("connections are accepted again")
	if status := p.status(t, "/"); status != http.StatusOK {
		t.Errorf("status %d", status)
	}
	p.stop(t)
	for line := range log {
		if strings.Contains(line, "out of file descriptors") {
			t.Errorf("said again: %s", line)
		}
	}
}
