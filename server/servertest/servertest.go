// Package servertest runs a complete server for a test: a temporary SQLite
// database, a kernel-chosen port, a clock the test moves, and a small site. Its
// clients keep cookies as browsers do and check every API answer against the
// contract.
package servertest

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"lychgate/server"
	"lychgate/server/config"
	"lychgate/server/origin"
	"lychgate/server/problem"
	"lychgate/server/web"
)

// Password is one that the policy accepts.
const Password = "correct horse battery staple"

// Server is a running server.
type Server struct {
	URL   string
	Clock *Clock
	Log   *Log
	// Config is its configuration; Again starts another server on the same
	// data.
	Config config.Config

	t       testing.TB
	running *server.Server
	env     server.Environment
	hashes  *hashes
	stop    func() error
}

// ProtectedAsset is the path of a build file that only protected pages need.
const ProtectedAsset = "/_next/static/chunks/protected.js"

// Site is the default site of test servers.
func Site() fstest.MapFS {
	page := func(text string) *fstest.MapFile {
		return &fstest.MapFile{Data: []byte("<!DOCTYPE html><title>" + text + "</title>")}
	}
	return fstest.MapFS{
		"index.html":              page("home"),
		"login.html":              page("login"),
		"404.html":                page("not found"),
		"dashboard.html":          page("secret dashboard"),
		"dashboard.txt":           {Data: []byte("secret payload")},
		"dashboard/settings.html": page("secret settings"),
		ProtectedAsset[1:]:        {Data: []byte("'secret code'")},
	}
}

// Start runs a server until the test ends, with changes to a default
// configuration that has cheap password hashes and wide limits.
func Start(t testing.TB, changes ...func(*config.Config)) *Server {
	t.Helper()
	return StartWith(t, Site(), changes...)
}

// StartWith is Start with another site.
func StartWith(t testing.TB, site fs.FS, changes ...func(*config.Config)) *Server {
	t.Helper()
	return StartIn(t, server.Environment{Site: site}, changes...)
}

// StartIn is Start with an environment, in which log and clock are replaced.
func StartIn(t testing.TB, env server.Environment, changes ...func(*config.Config)) *Server {
	t.Helper()
	settings := config.Default()
	settings.Addr = "localhost:0"
	settings.DataDir = t.TempDir()
	settings.LoginAttempts = config.Rate{Attempts: 1000, Per: time.Second}
	settings.RegisterAttempts = settings.LoginAttempts
	settings.BcryptCost = 4 // bcrypt's minimum, to keep tests fast
	for _, change := range changes {
		change(&settings)
	}
	return run(t, settings, NewClock(), env)
}

// At is a change for Start: a public origin other than the address. Its clients
// set the matching Host header.
func At(t testing.TB, text string) func(*config.Config) {
	t.Helper()
	public, err := origin.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return func(c *config.Config) { c.Origin = public }
}

// Again runs another server on the same data, as after a restart or beside a
// running one.
func (s *Server) Again(changes ...func(*config.Config)) *Server {
	s.t.Helper()
	settings := s.Config
	for _, change := range changes {
		change(&settings)
	}
	return run(s.t, settings, s.Clock, s.env)
}

func run(t testing.TB, settings config.Config, clock *Clock, env server.Environment) *Server {
	t.Helper()
	log, hashes := &Log{}, &hashes{}
	env.Log = slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	env.AccessLog = web.NewAccessLog(log, env.Log, true, web.AllAnswers)
	log.requests = env.AccessLog
	env.Now = clock.Now
	env.Partial = true
	env.OnHash = hashes.wait
	running, err := server.New(t.Context(), settings, env)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan error, 1)
	go func() { stopped <- running.Run(ctx) }()
	s := &Server{URL: running.Address(), Clock: clock, Log: log, Config: settings, t: t, running: running, env: env, hashes: hashes}
	s.stop = sync.OnceValue(func() error {
		cancel()
		err := <-stopped
		env.AccessLog.Close()
		return err
	})
	t.Cleanup(s.Stop)
	return s
}

// Alter changes the database directly.
func (s *Server) Alter(statement string) {
	s.t.Helper()
	db, err := sql.Open("sqlite", "file:"+s.Config.DatabasePath()+"?_pragma=busy_timeout(5000)&_pragma=foreign_keys(1)")
	if err != nil {
		s.t.Fatal(err)
	}
	_, err = db.ExecContext(s.t.Context(), statement)
	if err := errors.Join(err, db.Close()); err != nil {
		s.t.Fatal(err)
	}
}

// Reload does what SIGHUP does.
func (s *Server) Reload() { s.running.Reload() }

// Stop stops the server unless it is stopped already.
func (s *Server) Stop() {
	s.t.Helper()
	if err := s.stop(); err != nil {
		s.t.Errorf("the server stopped with: %v", err)
	}
}

// Clock stands still until a test moves it.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock returns a clock set to the current time, in whole seconds.
func NewClock() *Clock { return &Clock{now: time.Now().UTC().Truncate(time.Second)} }

// Now returns the clock's time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Move moves the clock.
func (c *Clock) Move(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(by)
}

// Log keeps a server's log.
type Log struct {
	requests *web.AccessLog // writes here too

	mu   sync.Mutex
	text strings.Builder
}

// Write appends to the log.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// String returns everything logged.
func (l *Log) String() string {
	if l.requests != nil {
		l.requests.Flush()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// Client behaves like one browser: it has a cookie jar, but does not follow
// redirects.
type Client struct {
	server *Server
	http   *http.Client
	// Header is added to every request.
	Header http.Header
}

// Client returns a new, signed-out client.
func (s *Server) Client() *Client {
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	s.t.Cleanup(transport.CloseIdleConnections)
	return &Client{
		server: s,
		http: &http.Client{
			Transport:     transport,
			Jar:           secureOnLoopback{jar},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		Header: http.Header{},
	}
}

// secureOnLoopback is a cookie jar that keeps Secure cookies of
// http://localhost, as Chromium and Firefox do.
type secureOnLoopback struct{ *cookiejar.Jar }

func (j secureOnLoopback) SetCookies(u *url.URL, cookies []*http.Cookie) {
	j.Jar.SetCookies(https(u), cookies)
}

func (j secureOnLoopback) Cookies(u *url.URL) []*http.Cookie { return j.Jar.Cookies(https(u)) }

func https(u *url.URL) *url.URL {
	secure := *u
	secure.Scheme = "https"
	return &secure
}

// Answer is a complete answer.
type Answer struct {
	*http.Response
	Body string
	t    testing.TB
}

// Get asks for a path.
func (c *Client) Get(path string, headers ...string) Answer {
	c.server.t.Helper()
	return c.Do(http.MethodGet, path, "", headers...)
}

// Post sends JSON to a path; an empty body is none.
func (c *Client) Post(path, body string, headers ...string) Answer {
	c.server.t.Helper()
	return c.Do(http.MethodPost, path, body, headers...)
}

// Do sends a request with a JSON body, if it is not empty, and headers given
// as name and value in turn. It holds the answer against the contract.
func (c *Client) Do(method, path, body string, headers ...string) Answer {
	t := c.server.t
	t.Helper()
	answer, err := c.Try(method, path, body, headers...)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// Try is Do for a goroutine of its own: it returns an error instead of ending
// the test.
func (c *Client) Try(method, path, body string, headers ...string) (Answer, error) {
	r, err := http.NewRequestWithContext(c.server.t.Context(), method, c.server.URL+path, strings.NewReader(body))
	if err != nil {
		return Answer{}, err
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for name, values := range c.Header {
		r.Header[name] = values
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	if host := r.Header.Get("Host"); host != "" {
		r.Host = host
	}
	response, err := c.http.Do(r)
	if err != nil {
		return Answer{}, err
	}
	read, err := io.ReadAll(response.Body)
	if err := errors.Join(err, response.Body.Close()); err != nil {
		return Answer{}, err
	}
	return Answer{Response: response, Body: string(read), t: c.server.t}, checkContract(r, response, read)
}

// Cookie returns the value of a cookie in the jar, or the empty string.
func (c *Client) Cookie(name string) string {
	c.server.t.Helper()
	for _, cookie := range c.http.Jar.Cookies(c.address()) {
		if cookie.Name == name {
			return cookie.Value
		}
	}
	return ""
}

// SetCookie puts a cookie into the jar; an empty value removes it.
func (c *Client) SetCookie(name, value string) {
	c.server.t.Helper()
	cookie := &http.Cookie{Name: name, Value: value, Path: "/"}
	if value == "" {
		cookie.MaxAge = -1
	}
	c.http.Jar.SetCookies(c.address(), []*http.Cookie{cookie})
}

// Copy returns a client with the same tokens, on the same server or another
// one: a second tab, or a thief.
func (c *Client) Copy(of *Server) *Client {
	c.server.t.Helper()
	other := of.Client()
	other.Header = c.Header.Clone()
	for _, name := range []string{"accessToken", "refreshToken", "__Host-accessToken", "__Host-refreshToken"} {
		if value := c.Cookie(name); value != "" {
			other.SetCookie(name, value)
		}
	}
	return other
}

// address is the one whose cookies a request carries: that of the Host header
// where one is set.
func (c *Client) address() *url.URL {
	c.server.t.Helper()
	address, err := url.Parse(c.server.URL)
	if err != nil {
		c.server.t.Fatal(err)
	}
	if host := c.Header.Get("Host"); host != "" {
		address.Host = host
	}
	return address
}

// Register makes an account and signs the client in to it.
func (c *Client) Register(email string) Answer {
	c.server.t.Helper()
	return c.Post("/api/auth/register", Object("email", email, "password", Password)).Wants(http.StatusCreated)
}

// Login signs the client in with the usual password.
func (c *Client) Login(email string) Answer {
	c.server.t.Helper()
	return c.Post("/api/auth/login", Object("email", email, "password", Password)).Wants(http.StatusOK)
}

// Object returns a JSON object of names and values in turn. A value is whatever
// JSON can hold: a string, a number, nil, a list, a map.
func Object(pairs ...any) string {
	members := make(map[string]any, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		members[pairs[i].(string)] = pairs[i+1]
	}
	text, err := json.Marshal(members)
	if err != nil {
		panic(err) // a value that JSON cannot hold: a mistake in a test
	}
	return string(text)
}

// Wants fails the test unless the answer has a status.
func (a Answer) Wants(status int) Answer {
	a.t.Helper()
	if a.StatusCode != status {
		a.t.Fatalf("%s %s: status %d, want %d\n%s", a.Request.Method, a.Request.URL.Path, a.StatusCode, status, a.Body)
	}
	return a
}

// WantsProblem fails the test unless the answer is a problem with a status and
// a code, and returns the faults of its fields.
func (a Answer) WantsProblem(status int, code string) []problem.Field {
	a.t.Helper()
	a.Wants(status)
	var document struct {
		Status    int             `json:"status"`
		Code      string          `json:"code"`
		RequestID string          `json:"requestId"`
		Errors    []problem.Field `json:"errors"`
	}
	a.Decode(&document)
	if document.Code != code || document.Status != status || document.RequestID != a.Header.Get("X-Request-Id") {
		a.t.Fatalf("%s %s: want the problem %s\n%s", a.Request.Method, a.Request.URL.Path, code, a.Body)
	}
	return document.Errors
}

// Decode reads the JSON of an answer.
func (a Answer) Decode(into any) {
	a.t.Helper()
	if err := json.NewDecoder(bytes.NewReader([]byte(a.Body))).Decode(into); err != nil {
		a.t.Fatalf("%s %s: %v\n%s", a.Request.Method, a.Request.URL.Path, err, a.Body)
	}
}

// Text returns a member of the JSON object of an answer, which must be a
// string.
func (a Answer) Text(member string) string {
	a.t.Helper()
	var object map[string]any
	a.Decode(&object)
	text, ok := object[member].(string)
	if !ok {
		a.t.Fatalf("%s %s: no text %q\n%s", a.Request.Method, a.Request.URL.Path, member, a.Body)
	}
	return text
}
