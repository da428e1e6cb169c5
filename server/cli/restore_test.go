package cli_test

import (
	"bufio"
	"bytes"
	"database/sql"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// lychgate prepares the program, in a directory, with an environment that says
// nothing of this one's.
func lychgate(t *testing.T, dir string, args ...string) *exec.Cmd {
	t.Helper()
	program, err := exec.LookPath("lychgate") // put there by testscript
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Dir, cmd.Env = dir, []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir}
	return cmd
}

// does runs the program to its end, wants an exit status, and returns what it
// printed.
func does(t *testing.T, status int, cmd *exec.Cmd) (stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != status {
		t.Fatalf("%v: %v, want status %d\n%s%s", cmd.Args, err, status, &out, &errs)
	}
	return out.String(), errs.String()
}

// serves starts a server and returns its address; end kills it if it still runs.
func serves(t *testing.T, cmd *exec.Cmd) (address string, end func(os.Signal)) {
	t.Helper()
	ready := make(chan string, 1)
	p := &process{cmd: cmd, ended: make(chan struct{})}
	p.stdout.ready = ready
	cmd.Stdout, cmd.Stderr = &p.stdout, &p.stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.err = cmd.Wait()
		close(p.ended)
	}()
	end = func(signal os.Signal) {
		cmd.Process.Signal(signal)
		<-p.ended
	}
	t.Cleanup(func() { end(os.Kill) })
	select {
	case address = <-ready:
	case <-p.ended:
		t.Fatalf("it ended (%v) before it was ready:\n%s%s", p.err, &p.stdout, &p.stderr)
	case <-time.After(patience):
		t.Fatalf("it is still not ready:\n%s%s", &p.stdout, &p.stderr)
	}
	return address, end
}

// publicHost is the servers' public host.
const publicHost = "localhost:8080"

type tokens struct {
	AccessToken  string `json:"accessToken"`
	RefreshToken string `json:"refreshToken"`
}

// post sends JSON, and returns the status and the tokens of the answer.
func post(t *testing.T, url string, body any) (int, tokens) {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	r.Host = publicHost
	r.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	var got tokens
	if err := json.Unmarshal(content, &got); err != nil {
		t.Fatalf("%s: %v", content, err)
	}
	return answer.StatusCode, got
}

func profile(t *testing.T, address, accessToken string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address+"/api/user/profile", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = publicHost
	r.Header.Set("Authorization", "Bearer "+accessToken)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	return answer.StatusCode
}

// A backup is taken beside a running server, the server killed, the backup
// restored: later changes are gone, and no earlier token is valid, whether
// issued before or after the backup.
func TestNothingOfBeforeOutlivesARestore(t *testing.T) {
	dir := t.TempDir()
	// The tokens' origin stays the same whatever the port.
	serve := []string{"--addr", "localhost:0", "--origin", "http://" + publicHost, "--bcrypt-cost", "10"}
	address, end := serves(t, lychgate(t, dir, serve...))
	credentials := func(name string) map[string]string {
		return map[string]string{"email": name + "@example.com", "password": "correct horse battery staple", "tokenDelivery": "body"}
	}
	ask := func(path string, body any) tokens {
		t.Helper()
		status, got := post(t, address+path, body)
		if status != http.StatusOK || got.AccessToken == "" || got.RefreshToken == "" {
			t.Fatalf("%s: %d", path, status)
		}
		return got
	}
	refresh := func(of tokens) tokens {
		t.Helper()
		return ask("/api/auth/refresh", map[string]string{"refreshToken": of.RefreshToken})
	}
	join := func(name string) tokens {
		t.Helper()
		if status, _ := post(t, address+"/api/auth/register", map[string]string{"email": name + "@example.com", "password": "correct horse battery staple"}); status != http.StatusCreated {
			t.Fatalf("registration: %d", status)
		}
		return ask("/api/auth/login", credentials(name))
	}
	first := join("ada")
	current := refresh(first)
	ended := ask("/api/auth/login", credentials("ada"))
	does(t, 0, lychgate(t, dir, "backup", "copy.db"))
	later := refresh(current)
	another := ask("/api/auth/login", credentials("ada"))
	bobs := join("bob")
	does(t, 0, lychgate(t, dir, "key", "rotate"))
	does(t, 1, lychgate(t, dir, "restore", "copy.db", "--yes")) // it runs
	end(os.Kill)

	log, err := os.Stat(filepath.Join(dir, "lychgate-data", "lychgate.db-wal"))
	if err != nil || log.Size() == 0 {
		t.Fatalf("the log: %v, %v", log, err)
	}
	printed, _ := does(t, 0, lychgate(t, dir, "restore", "copy.db", "--yes", "--json"))
	var restored struct {
		Kept              string
		Accounts, Revoked int
	}
	if err := json.Unmarshal([]byte(printed), &restored); err != nil || restored.Accounts != 1 || restored.Revoked != 3 {
		t.Fatalf("%s: %v", printed, err)
	}

	address, end = serves(t, lychgate(t, dir, serve...))
	for name, made := range map[string]tokens{"superseded": first, "of the backup": current, "another of the backup": ended, "its successor": later, "of a later session": another, "of a later account": bobs} {
		if status := profile(t, address, made.AccessToken); status != http.StatusUnauthorized {
			t.Errorf("the access token %s: %d", name, status)
		}
		if status, _ := post(t, address+"/api/auth/refresh", map[string]string{"refreshToken": made.RefreshToken}); status != http.StatusUnauthorized {
			t.Errorf("the refresh token %s: %d", name, status)
		}
	}
	if status, _ := post(t, address+"/api/auth/login", credentials("bob")); status != http.StatusUnauthorized {
		t.Errorf("somebody who came after the backup: %d", status)
	}
	if again := ask("/api/auth/login", credentials("ada")); profile(t, address, again.AccessToken) != http.StatusOK {
		t.Error("the new access token does not count")
	}
	end(syscall.SIGTERM)

	// And back: the earlier state returns, with everybody signed out.
	does(t, 0, lychgate(t, dir, "restore", restored.Kept, "--yes"))
	address, _ = serves(t, lychgate(t, dir, serve...))
	ask("/api/auth/login", credentials("bob"))
	if status := profile(t, address, another.AccessToken); status != http.StatusUnauthorized {
		t.Errorf("an access token of the state before: %d", status)
	}
}

// Ctrl-C interrupts a wait, with a message.
func TestCommandsThatWaitCanBeInterrupted(t *testing.T) {
	dir := t.TempDir()
	create := lychgate(t, dir, "user", "create", "--email", "ada@example.com", "--bcrypt-cost", "10")
	create.Stdin = strings.NewReader("correct horse battery staple")
	does(t, 0, create)
	database := filepath.Join(dir, "lychgate-data", "lychgate.db")
	hold(t, database+".lock")
	for _, args := range [][]string{{"user", "list"}, {"serve", "--addr", "localhost:0"}, {"migrate"}, {"key", "rotate"}} {
		t.Run(args[0], func(t *testing.T) {
			cmd := lychgate(t, dir, args...)
			stderr, err := cmd.StderrPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			var text strings.Builder
			part := make([]byte, 1024)
			for !strings.Contains(text.String(), "waiting for another lychgate, which is opening the database") {
				n, err := stderr.Read(part)
				text.Write(part[:n])
				if err != nil {
					t.Fatalf("it ended: %s", &text)
				}
			}
			cmd.Process.Signal(os.Interrupt)
			rest, err := io.ReadAll(stderr)
			if err != nil || !strings.Contains(string(rest), "open the database "+database+": interrupted while waiting for another lychgate") {
				t.Errorf("it said %q, %v", rest, err)
			}
			if cmd.Wait(); cmd.ProcessState.ExitCode() != 1 {
				t.Errorf("status %d", cmd.ProcessState.ExitCode())
			}
		})
	}
	t.Run("another writer", func(t *testing.T) {
		other := t.TempDir()
		create := lychgate(t, other, "user", "create", "--email", "ada@example.com", "--bcrypt-cost", "10")
		create.Stdin = strings.NewReader("correct horse battery staple")
		does(t, 0, create)
		db, err := sql.Open("sqlite", filepath.Join(other, "lychgate-data", "lychgate.db"))
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		db.SetMaxOpenConns(1)
		if _, err := db.ExecContext(t.Context(), "BEGIN IMMEDIATE"); err != nil {
			t.Fatal(err)
		}
		cmd := lychgate(t, other, "key", "rotate")
		stderr, err := cmd.StderrPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		const holder = "another process, which holds the lock of the database"
		lines := bufio.NewReader(stderr)
		if line, err := lines.ReadString('\n'); err != nil || line != "lychgate: waiting for "+holder+"\n" {
			t.Errorf("it said %q, %v", line, err)
		}
		cmd.Process.Signal(os.Interrupt)
		if rest, err := io.ReadAll(lines); err != nil || !strings.Contains(string(rest), "interrupted while waiting for "+holder+"; nothing was changed\n") {
			t.Errorf("it said %q, %v", rest, err)
		}
		if cmd.Wait(); cmd.ProcessState.ExitCode() != 1 {
			t.Errorf("status %d", cmd.ProcessState.ExitCode())
		}
	})
	// Waiting for input from a silent pipe.
	t.Run("input", func(t *testing.T) {
		cmd := lychgate(t, dir, "user", "import", "-", "--data-dir", "other")
		reader, writer, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer writer.Close()
		cmd.Stdin = reader
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		reader.Close()
		// More than a pipe buffers: once it is consumed, the program is
		// reading.
		if _, err := writer.Write(bytes.Repeat([]byte("\n"), 256<<10)); err != nil {
			t.Fatal(err)
		}
		cmd.Process.Signal(os.Interrupt)
		if cmd.Wait(); cmd.ProcessState.ExitCode() != 1 || !strings.Contains(stderr.String(), "interrupted; nothing was changed") {
			t.Errorf("status %d, %s", cmd.ProcessState.ExitCode(), &stderr)
		}
	})
}
