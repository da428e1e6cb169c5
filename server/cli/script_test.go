package cli_test

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/rogpeppe/go-internal/testscript"

	"lychgate/server/config"
)

// patience is how long a script waits for a program before it fails. Only a
// machine that is very busy needs that long.
const patience = 2 * time.Minute

// session is a script's state between commands: its server and its cookies.
type session struct {
	server *process
	client *http.Client
}

func newSession() *session {
	return &session{client: &http.Client{
		Timeout:       patience,
		Transport:     &http.Transport{DisableKeepAlives: true}, // else a server would wait for them
		Jar:           cookies{},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// cookies is a cookie jar that also keeps Secure cookies of http://localhost,
// as Chromium and Firefox do.
type cookies map[string]*http.Cookie

func (c cookies) Cookies(*url.URL) (list []*http.Cookie) {
	for _, cookie := range c {
		list = append(list, cookie)
	}
	return list
}

func (c cookies) SetCookies(_ *url.URL, list []*http.Cookie) {
	for _, cookie := range list {
		if c[cookie.Name] = cookie; cookie.MaxAge < 0 {
			delete(c, cookie.Name)
		}
	}
}

// command prepares a program by its name in scripts, with the script's
// directory and environment.
func command(ctx context.Context, ts *testscript.TestScript, args []string) *exec.Cmd {
	path := ""
	for _, dir := range filepath.SplitList(ts.Getenv("PATH")) {
		if _, err := os.Stat(filepath.Join(dir, args[0])); err == nil {
			path = filepath.Join(dir, args[0])
			break
		}
	}
	if path == "" {
		ts.Fatalf("there is no program %s", args[0])
	}
	cmd := exec.CommandContext(ctx, path, args[1:]...)
	cmd.Dir = ts.MkAbs(".")
	for _, name := range []string{"PATH", "TMPDIR", "GOCOVERDIR"} {
		cmd.Env = append(cmd.Env, name+"="+ts.Getenv(name))
	}
	mistyped := []string{"LYCHGATE_DATADIR", "LYCHGATE_PORT", "LYCHGATE_SERVICE_PORT", "Lychgate_Addr"}
	for _, name := range append(mistyped, config.Variables()...) {
		if value := ts.Getenv(name); value != "" {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
	}
	return cmd
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits STATUS PROGRAM [ARGUMENT...] [< FILE]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	input := ""
	if n := len(args); args[n-2] == "<" {
		input, args = ts.ReadFile(args[n-1]), args[:n-2]
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := command(ctx, ts, args[1:])
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(input), ts.Stdout(), ts.Stderr()
	err = cmd.Run()
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		ts.Fatalf("%v", err)
	}
	if got := cmd.ProcessState.ExitCode(); got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
}

// process is a server that runs in the background.
type process struct {
	cmd            *exec.Cmd
	stdout, stderr recorder
	ended          chan struct{} // closed when it has exited
	err            error         // how, once it has
}

// recorder keeps a program's output, and reports the line that says it is
// ready.
type recorder struct {
	mu    sync.Mutex
	text  strings.Builder
	ready chan string
}

var readyLine = regexp.MustCompile(`(?m)^lychgate is ready at (\S+)\n`)

func (r *recorder) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.text.Write(p)
	if found := readyLine.FindStringSubmatch(r.text.String()); found != nil && r.ready != nil {
		r.ready <- found[1]
		r.ready = nil
	}
	return len(p), nil
}

func (r *recorder) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}

func start(ts *testscript.TestScript, neg bool, args []string) {
	s := ts.Value(session{}).(*session)
	if neg || len(args) == 0 || s.server != nil {
		ts.Fatalf("usage: start PROGRAM [ARGUMENT...], one at a time")
	}
	ready := make(chan string, 1)
	p := &process{cmd: command(context.Background(), ts, args), ended: make(chan struct{})}
	p.stdout.ready = ready
	p.cmd.Stdout, p.cmd.Stderr = &p.stdout, &p.stderr
	ts.Check(p.cmd.Start())
	go func() {
		p.err = p.cmd.Wait()
		close(p.ended)
	}()
	ts.Defer(func() {
		p.cmd.Process.Kill() // it may have exited
		<-p.ended
	})
	select {
	case address := <-ready:
		parsed, err := url.Parse(address)
		ts.Check(err)
		ts.Setenv("URL", address)
		ts.Setenv("PORT", parsed.Port())
		s.server = p
	case <-p.ended:
		ts.Fatalf("it ended (%v) before it was ready:\n%s%s", p.err, &p.stdout, &p.stderr)
	case <-time.After(patience):
		ts.Fatalf("it is still not ready:\n%s%s", &p.stdout, &p.stderr)
	}
}

// kill kills the server with SIGKILL.
func kill(ts *testscript.TestScript, neg bool, args []string) {
	s := ts.Value(session{}).(*session)
	if neg || len(args) != 0 || s.server == nil {
		ts.Fatalf("usage: kill, after start")
	}
	ts.Check(s.server.cmd.Process.Kill())
	<-s.server.ended
	s.server = nil
}

// older creates a database of an older version, with our first migrations only.
func older(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: older DATABASE SCHEMA")
	}
	version, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	ts.Check(makeOlder(ts.MkAbs(args[0]), version))
}

func makeOlder(path string, version int64) error {
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		return err
	}
	defer db.Close()
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, os.DirFS("../store/migrations"))
	if err != nil {
		return err
	}
	_, err = provider.UpTo(context.Background(), version)
	return err
}

// query runs statements on a database as another program, and prints the first
// column of the last one's rows.
func query(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: query DATABASE STATEMENTS")
	}
	db, err := sql.Open("sqlite", "file:"+ts.MkAbs(args[0])+"?mode=rw&_pragma=busy_timeout(5000)")
	ts.Check(err)
	defer db.Close()
	rows, err := db.Query(args[1])
	ts.Check(err)
	defer rows.Close()
	for rows.Next() {
		var value string
		ts.Check(rows.Scan(&value))
		_, err := io.WriteString(ts.Stdout(), value+"\n")
		ts.Check(err)
	}
	ts.Check(rows.Err())
}

var signals = map[string]os.Signal{"SIGTERM": syscall.SIGTERM, "SIGINT": syscall.SIGINT}

func end(ts *testscript.TestScript, neg bool, args []string) {
	s := ts.Value(session{}).(*session)
	if neg || len(args) != 1 || signals[args[0]] == nil || s.server == nil {
		ts.Fatalf("usage: end SIGTERM|SIGINT, after start")
	}
	p := s.server
	s.server = nil
	ts.Check(p.cmd.Process.Signal(signals[args[0]]))
	select {
	case <-p.ended:
	case <-time.After(patience):
		ts.Fatalf("it is still running:\n%s%s", &p.stdout, &p.stderr)
	}
	if _, err := io.WriteString(ts.Stdout(), p.stdout.String()); err != nil {
		ts.Fatalf("%v", err)
	}
	if _, err := io.WriteString(ts.Stderr(), p.stderr.String()); err != nil {
		ts.Fatalf("%v", err)
	}
	if p.err != nil {
		ts.Fatalf("it ended with: %v", p.err)
	}
}

func ask(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 || len(args) > 4 {
		ts.Fatalf("usage: ask STATUS METHOD PATH [FILE]")
	}
	body := ""
	if len(args) == 4 {
		body = ts.ReadFile(args[3])
	}
	status, text := send(ts, args[1], args[2], body)
	_, err := io.WriteString(ts.Stdout(), text)
	ts.Check(err)
	if status != args[0] {
		ts.Fatalf("status %s, want %s", status, args[0])
	}
}

func await(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: await STATUS METHOD PATH")
	}
	for begun := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		status, _ := send(ts, args[1], args[2], "")
		if status == args[0] {
			return
		}
		if time.Since(begun) > patience {
			ts.Fatalf("status %s still, want %s", status, args[0])
		}
	}
}

// send returns the status and the body of an answer.
func send(ts *testscript.TestScript, method, path, body string) (status, text string) {
	r, err := http.NewRequest(method, ts.Getenv("URL")+path, strings.NewReader(body))
	ts.Check(err)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	answer, err := ts.Value(session{}).(*session).client.Do(r)
	ts.Check(err)
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	ts.Check(err)
	return strconv.Itoa(answer.StatusCode), string(content)
}
