package server_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lychgate/server"
	"lychgate/server/config"
	"lychgate/server/listen"
	"lychgate/server/origin"
	"lychgate/server/servertest"
)

// dial opens a connection to the server that ends with the test.
func dial(t *testing.T, s *servertest.Server) net.Conn {
	t.Helper()
	_, address, _ := strings.Cut(s.URL, "://")
	connection, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { connection.Close() })
	if err := connection.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return connection
}

// slowPost begins a request, and returns when the server is reading its body;
// rest is what is still to be sent.
func slowPost(t *testing.T, s *servertest.Server, path, body string) (connection net.Conn, answers *bufio.Reader, rest string) {
	t.Helper()
	connection = dial(t, s)
	fmt.Fprintf(connection, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n",
		path, connection.RemoteAddr(), len(body))
	answers = bufio.NewReader(connection)
	// The server says 100 when the handler reads the body, and not before.
	if line, err := answers.ReadString('\n'); err != nil || !strings.Contains(line, " 100 ") {
		t.Fatalf("answer %q, %v; want 100", line, err)
	}
	if _, err := answers.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(connection, body[:1]); err != nil {
		t.Fatal(err)
	}
	return connection, answers, body[1:]
}

func TestStopFinishesWhatIsInFlight(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	probe := s.Client()
	probe.Header.Set("Connection", "close") // each probe has a connection of its own, as a load balancer's has
	probe.Get("/readyz").Wants(http.StatusOK)

	connection, answers, rest := slowPost(t, s, "/api/auth/register", servertest.Object("email", "ada@example.com", "password", servertest.Password))
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		s.Stop()
	}()
	var last servertest.Answer
	servertest.Eventually(t, "readiness is off", func() bool {
		last = probe.Get("/readyz")
		return last.StatusCode != http.StatusOK
	})
	last.WantsProblem(http.StatusServiceUnavailable, "unavailable")
	if last.Header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	probe.Get("/healthz").Wants(http.StatusOK)

	if _, err := io.WriteString(connection, rest); err != nil {
		t.Fatal(err)
	}
	answer, err := http.ReadResponse(answers, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusCreated {
		t.Errorf("the request in flight got %s", answer.Status)
	}
	if !answer.Close {
		t.Error("its connection is kept")
	}
	<-stopped
	if _, err := net.Dial("tcp", connection.RemoteAddr().String()); err == nil {
		t.Error("it still listens")
	}
	s.Again().Client().Login("ada@example.com") // what was answered is there
}

func TestStopDoesNotWaitForever(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	idle := s.Client()
	idle.Get("/").Wants(http.StatusOK)
	slowPost(t, s, "/api/auth/login", servertest.Object("email", "ada@example.com", "password", servertest.Password))
	s.Stop() // fails the test when the server ends with an error
	if listen.DrainTime >= 10*time.Second {
		t.Errorf("requests may take %v of the ten seconds in which a server stops", listen.DrainTime)
	}
	if !strings.Contains(s.Log.String(), "some requests did not finish in time") {
		t.Error("nobody is told")
	}
}

// Connections that are only kept open are not waited for.
func TestStopOfAnIdleServerIsQuick(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	s.Client().Get("/").Wants(http.StatusOK) // the client keeps its connection
	s.Stop()
	if strings.Contains(s.Log.String(), "some requests did not finish in time") {
		t.Error("it waited for a connection without a request")
	}
	for _, file := range []string{s.Config.DatabasePath() + "-wal", s.Config.DatabasePath() + "-shm"} {
		if _, err := os.Stat(file); !os.IsNotExist(err) {
			t.Errorf("%s is left behind (%v): the log was not written back", filepath.Base(file), err)
		}
	}
}

// A client that sends its header a byte at a time is cut off, and sooner than one
// that sends its body so.
func TestSlowHeadersAreCutOff(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	ended := make(chan struct{})
	defer close(ended)
	// drip begins a request, goes on byte by byte, and returns a channel that is
	// closed when the server has cut the connection off.
	drip := func(beginning string) <-chan struct{} {
		connection := dial(t, s)
		fmt.Fprintf(connection, beginning, connection.RemoteAddr())
		cut := make(chan struct{})
		go func() {
			defer close(cut)
			io.Copy(io.Discard, connection) // it ends with the connection
		}()
		go func() {
			every := time.NewTicker(100 * time.Millisecond)
			defer every.Stop()
			for {
				select {
				case <-ended:
					return
				case <-every.C:
					io.WriteString(connection, "x") // it is meant to fail in the end
				}
			}
		}()
		return cut
	}
	body := drip("POST /api/auth/login HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: 10000\r\n\r\n")
	begun := time.Now()
	header := drip("GET / HTTP/1.1\r\nHost: %s\r\nX-Slow: ")
	select {
	case <-header:
	case <-body:
		t.Error("a slow body was cut off before a slow header")
	case <-time.After(servertest.Patience):
		t.Fatal("neither was cut off")
	}
	if took := time.Since(begun); took < 3*time.Second {
		t.Errorf("the connection lived for %v, want about 4 s", took)
	}
}

func TestHeadersAreBounded(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	s.Client().Get("/", "X-Long", strings.Repeat("x", 30<<10)).Wants(http.StatusOK)
	s.Client().Get("/", "X-Long", strings.Repeat("x", 40<<10)).Wants(http.StatusRequestHeaderFieldsTooLarge)
}

func TestTwoServersOnOneInstallation(t *testing.T) {
	t.Parallel()
	public, err := origin.Parse("http://localhost:8080")
	if err != nil {
		t.Fatal(err)
	}
	one := servertest.Start(t, func(c *config.Config) { c.Origin = public })
	two := one.Again()
	browser := func(s *servertest.Server) *servertest.Client {
		client := s.Client()
		client.Header.Set("Host", "localhost:8080")
		return client
	}
	here := browser(one)
	here.Register("ada@example.com")
	there := here.Copy(two)
	there.Get("/dashboard").Wants(http.StatusOK)

	// A rotation by one is known to the other: the successor is the same.
	here.Post("/api/auth/refresh", "").Wants(http.StatusOK)
	there.Post("/api/auth/refresh", "").Wants(http.StatusOK)
	if here.Cookie("refreshToken") != there.Cookie("refreshToken") {
		t.Error("one token has two successors")
	}

	// A revocation by one counts at the other. How soon is a matter of the jobs,
	// whose tests have a clock of their own.
	leaver := browser(one)
	leaver.Login("ada@example.com")
	elsewhere := leaver.Copy(two)
	elsewhere.Get("/api/user/profile").Wants(http.StatusOK)
	leaver.Post("/api/auth/logout", "").Wants(http.StatusNoContent)
	servertest.Eventually(t, "the other server refuses the token", func() bool {
		return elsewhere.Get("/api/user/profile").StatusCode == http.StatusUnauthorized
	})

	one.Stop()
	there.Get("/dashboard").Wants(http.StatusOK)
	browser(two).Login("ada@example.com")
}

// A server that cannot start says why, and leaves nothing open.
func TestFailedStartLeavesNothingOpen(t *testing.T) {
	write := func(path, text string) func(*testing.T, config.Config) {
		return func(t *testing.T, c config.Config) {
			if err := os.WriteFile(filepath.Join(c.DataDir, path), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, test := range []struct {
		name  string
		spoil func(*testing.T, config.Config)
		want  string
	}{
		{"another file instead of the database", write("lychgate.db", strings.Repeat("no database at all. ", 100)), "lychgate.db: "},
		{"another secret", write("secret", strings.Repeat("x", 44)), "the secret does not fit this database"},
		{"a secret that was cut off", write("secret", "x"), "secret: the secret has 1 bytes"},
		{"no secret", func(t *testing.T, c config.Config) {
			if err := os.Remove(c.SecretPath()); err != nil {
				t.Fatal(err)
			}
		}, "secret is missing"},
		{"no data directory", func(t *testing.T, c config.Config) {
			if err := os.RemoveAll(c.DataDir); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(c.DataDir, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}, "make the data directory: "},
	} {
		t.Run(test.name, func(t *testing.T) {
			before := servertest.Start(t)
			before.Stop()
			c := before.Config
			_, c.Addr, _ = strings.Cut(before.URL, "://")
			test.spoil(t, c)
			_, err := server.New(t.Context(), c, server.Environment{Site: servertest.Site(), Log: slog.New(slog.DiscardHandler), Now: time.Now})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
			listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", c.Addr)
			if err != nil {
				t.Errorf("the port is not free again: %v", err)
			} else {
				listener.Close()
			}
			for _, file := range openFiles(t) {
				if strings.HasPrefix(file, c.DataDir) {
					t.Errorf("%s is still open", file)
				}
			}
		})
	}
}

// openFiles returns the files that this process has open, where the system
// tells.
func openFiles(t *testing.T) (files []string) {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Logf("not checked: %v", err)
	}
	for _, entry := range entries {
		if file, err := os.Readlink(filepath.Join("/proc/self/fd", entry.Name())); err == nil {
			files = append(files, file)
		}
	}
	return files
}

// While the feed of changes is out of reach, nobody can know whether a session
// has been revoked: after some seconds access tokens are not believed.
func TestBlindServerRefusesAccessTokens(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	client := s.Client()
	client.Register("ada@example.com")
	s.Alter(`ALTER TABLE changes RENAME TO elsewhere`)
	client.Get("/api/user/profile").Wants(http.StatusOK)
	servertest.Eventually(t, "the token is not believed any more", func() bool {
		return client.Get("/api/user/profile").StatusCode != http.StatusOK
	})
	for _, path := range []string{"/api/user/profile", "/api/auth/session", "/dashboard.txt", servertest.ProtectedAsset, "/readyz"} {
		answer := client.Get(path)
		answer.WantsProblem(http.StatusServiceUnavailable, "unavailable")
		if answer.Header.Get("Retry-After") == "" || len(answer.Cookies()) > 0 {
			t.Errorf("%s: Retry-After %q, cookies %v", path, answer.Header.Get("Retry-After"), answer.Cookies())
		}
	}
	page := client.Get("/dashboard").Wants(http.StatusServiceUnavailable)
	if strings.Contains(page.Body, "secret") {
		t.Error("the page is shown")
	}
	for _, path := range []string{"/", "/login", "/healthz", "/.well-known/jwks.json", "/api/openapi.json"} {
		client.Get(path).Wants(http.StatusOK)
	}
	s.Client().Get("/dashboard").Wants(http.StatusSeeOther)

	s.Alter(`ALTER TABLE elsewhere RENAME TO changes`)
	servertest.Eventually(t, "the token is believed again", func() bool {
		return client.Get("/api/user/profile").StatusCode == http.StatusOK
	})
	client.Get("/readyz").Wants(http.StatusOK)
	// The sweep at start may come so late that it fails too.
	for _, words := range []string{"a background job failed and will be retried", "a background job succeeds again"} {
		words += `","job":"follow changes of other processes"`
		servertest.Eventually(t, "one line says: "+words, func() bool {
			return strings.Count(s.Log.String(), words) == 1
		})
	}
}
