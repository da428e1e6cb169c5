package site_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/labstack/echo/v4"

	"lychgate/server/access"
	"lychgate/server/problem"
	"lychgate/server/site"
	"lychgate/server/site/sitetest"
	"lychgate/server/web"
)

// marker is in every file for signed-in people only.
const marker = sitetest.Marker

// export is the export used by most tests.
func export() fstest.MapFS { return sitetest.Export() }

// protectDashboard is the product's rule.
func protectDashboard() site.Options {
	return site.Options{Rules: readPolicy(`{"/dashboard": "signed-in"}`).Rules, Routed: routed}
}

func routed(path string) bool { return path == "/healthz" || path == "/.well-known/jwks.json" }

// readPolicy reads the text of access.json with fixed plans.
func readPolicy(rules string) access.Policy {
	policy, err := access.Read(
		access.File{Name: "access.json", Text: []byte(rules)},
		access.File{Name: "plans.json", Text: []byte(`{"plans": [{"id": "pro"}, {"id": "team", "includes": ["pro"]}]}`)},
		access.Pages{Login: returnPaths.Login, Billing: billing})
	if err != nil {
		panic(err)
	}
	return policy
}

var returnPaths = web.ReturnPaths{Login: "/login", Default: "/dashboard"}

const billing = "/dashboard/billing"

// The caller, in the header that authenticate reads.
const (
	whoHeader   = "X-Test-Who"
	alice       = "alice"
	admin       = "admin"       // has the role
	pro         = "pro"         // has the plan
	team        = "team"        // has a plan that includes it
	disabled    = "disabled"    // has both, and a session not revoked yet
	refreshed   = "refreshed"   // signed in by a refresh cookie, which is rotated in passing
	unavailable = "unavailable" // nobody can know
	careless    = "careless"    // signed in, but sets a cookie even when peeking
)

// subject returns the person behind an identity.
func subject(_ context.Context, identity access.Identity) (access.Subject, error) {
	person := access.Subject{UserID: identity.UserID, Role: access.RoleUser}
	switch identity.UserID {
	case admin:
		person.Role = access.RoleAdmin
	case pro, team:
		person.Grants = []access.Grant{{Plan: identity.UserID}}
	case disabled:
		person.Role, person.Disabled, person.Grants = access.RoleAdmin, true, []access.Grant{{Plan: pro}}
	}
	return person, nil
}

func authenticate(c echo.Context, depth web.Depth) (access.Identity, error) {
	who := c.Request().Header.Get(whoHeader)
	switch who {
	case alice, admin, pro, team, disabled:
	case refreshed:
		if depth == web.Refreshing {
			c.SetCookie(&http.Cookie{Name: "accessToken", Value: "new"})
			c.Response().Header().Set("X-Test-Rotated", "yes")
		}
	case careless:
		c.SetCookie(&http.Cookie{Name: "accessToken", Value: "new"})
	case unavailable:
		return access.Identity{}, problem.Busy(time.Second, nil)
	default:
		return access.Identity{}, problem.ErrUnauthenticated
	}
	return access.Identity{UserID: who, SessionID: "s1"}, nil
}

const baseline = "default-src 'none'; frame-ancestors 'none'"

// handler is the site in an Echo like the server's.
func handler(t testing.TB, files fstest.MapFS, opts site.Options) http.Handler {
	t.Helper()
	s, err := site.New(files, opts)
	if err != nil {
		t.Fatal(err)
	}
	return guarded(s)
}

// guarded is a guard of pages in front of a router.
func guarded(pages site.Pages, changes ...func(*site.Guard)) http.Handler {
	guard := site.Guard{
		Pages: pages, Require: web.Require, Routed: routed,
		Return: returnPaths, Billing: billing, ChangePassword: "/dashboard/settings/security",
	}
	for _, change := range changes {
		change(&guard)
	}
	e := echo.New()
	e.HTTPErrorHandler = web.ErrorHandler(slog.New(slog.DiscardHandler))
	e.Pre(web.Steps(time.Minute, func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			c.Response().Header().Set("Content-Security-Policy", baseline)
			return next(c)
		}
	}, web.Authenticate(web.Checks{Authenticate: authenticate, Subject: subject, Policy: readPolicy(`{}`), Now: time.Now}), guard.Middleware()))
	e.Any("/*", func(c echo.Context) error { return c.String(http.StatusOK, "routed") })
	return e
}

func start(t testing.TB) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(handler(t, export(), protectDashboard()))
	t.Cleanup(server.Close)
	return server
}

// header has the headers of one request, or the expected ones of an answer.
type header map[string]string

func (h header) with(more header) header {
	all := maps.Clone(h)
	maps.Copy(all, more)
	return all
}

// Requests as browsers send them.
var (
	navigate  = header{"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "none", "Sec-Fetch-Dest": "document"}
	fetched   = header{"Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": "empty"}
	crossSite = header{"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "document"}
	signedIn  = header{whoHeader: alice}
)

// answer is a response with its body.
type answer struct {
	status int
	header http.Header
	body   string
}

func (a answer) String() string { return fmt.Sprintf("%d %v %q", a.status, a.header, a.body) }

func ask(t testing.TB, server *httptest.Server, method, path string, h header) answer {
	t.Helper()
	r, err := http.NewRequest(method, server.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range h {
		r.Header.Set(name, value)
	}
	// By default the transport requests gzip and unpacks it.
	transport := &http.Transport{DisableCompression: true, DisableKeepAlives: true}
	res, err := transport.RoundTrip(r)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	res.Header.Del("Date")
	return answer{res.StatusCode, res.Header, string(body)}
}

// request is a test case: the request and the expected answer. An expected
// header of "" must be absent.
type request struct {
	name   string
	method string // GET when empty
	path   string
	send   header
	status int
	want   header
	holds  string // in the body
	body   string // the whole body
	empty  bool   // no body at all
}

func run(t *testing.T, server *httptest.Server, cases []request) {
	t.Helper()
	for _, tt := range cases {
		t.Run(tt.name, func(t *testing.T) {
			if tt.method == "" {
				tt.method = http.MethodGet
			}
			got := ask(t, server, tt.method, tt.path, tt.send)
			if got.status != tt.status {
				t.Errorf("%s %s: status %d, want %d (%v)", tt.method, tt.path, got.status, tt.status, got)
			}
			for name, want := range tt.want {
				if value := strings.Join(got.header.Values(name), " | "); value != want {
					t.Errorf("%s %s: %s is %q, want %q", tt.method, tt.path, name, value, want)
				}
			}
			if !strings.Contains(got.body, tt.holds) {
				t.Errorf("%s %s: body %q lacks %q", tt.method, tt.path, got.body, tt.holds)
			}
			if tt.body != "" && got.body != tt.body {
				t.Errorf("%s %s: body %q, want %q", tt.method, tt.path, got.body, tt.body)
			}
			if tt.empty && got.body != "" {
				t.Errorf("%s %s: body %q, want none", tt.method, tt.path, got.body)
			}
		})
	}
}

func TestNewRefuses(t *testing.T) {
	for _, tt := range []struct {
		name string
		file string
		want string
	}{
		{"file of the router", "healthz", "healthz cannot be served: the router answers /healthz"},
		{"page of the router", "healthz.html", "healthz.html cannot be served: the router answers /healthz"},
		{"file of the API", "api/thing", "api/thing cannot be served"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			files := export()
			if tt.file != "" {
				files[tt.file] = &fstest.MapFile{}
			}
			s, err := site.New(files, protectDashboard())
			if s != nil || err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("New: %v, %v; want an error with %q", s, err, tt.want)
			}
		})
	}
	t.Run("unreadable file", func(t *testing.T) {
		_, err := site.New(unreadable{export()}, protectDashboard())
		if !errors.Is(err, errUnreadable) || !strings.Contains(err.Error(), "cannot be read") {
			t.Errorf("New: %v", err)
		}
	})
	t.Run("no page below", func(t *testing.T) {
		rules := readPolicy(`{"/nothing/here": "signed-in", "/dashboard": "signed-in", "/dashboard/team": "signed-in", "/dash": "public", "/robots": "public", "/sub": "signed-in"}`).Rules
		s, err := site.New(export(), site.Options{Rules: rules})
		if err != nil {
			t.Fatalf("New: %v", err)
		}
		if got := s.Pageless(); !slices.Equal(got, []string{"/dash", "/nothing/here", "/robots"}) {
			t.Errorf("no page for %q", got)
		}
	})
}

var errUnreadable = errors.New("disk on fire")

// unreadable is a file system with an unreadable file.
type unreadable struct{ fstest.MapFS }

func (u unreadable) ReadFile(name string) ([]byte, error) {
	if name == "robots.txt" {
		return nil, errUnreadable
	}
	return u.MapFS.ReadFile(name)
}

func TestEmptyExport(t *testing.T) {
	server := httptest.NewServer(handler(t, fstest.MapFS{}, protectDashboard()))
	defer server.Close()
	run(t, server, []request{
		{name: "nothing", path: "/", status: 404, body: "There is nothing at this address.\n",
			want: header{"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store"}},
		{name: "nothing, HEAD", method: "HEAD", path: "/", status: 404, empty: true,
			want: header{"Content-Length": "34"}},
		{name: "guarded all the same", path: "/dashboard", status: 303, want: header{"Location": "/login?next=%2Fdashboard"}},
	})
}
