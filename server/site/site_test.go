package site_test

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/labstack/echo/v4"

	"lychgate/server/problem"
	"lychgate/server/site"
	"lychgate/server/site/sitetest"
	"lychgate/server/web"
)

// marker stands in every file that only signed-in people may have.
const marker = sitetest.Marker

// export is the export that most tests look at.
func export() fstest.MapFS { return sitetest.Export() }

// protectDashboard is what the product asks for.
func protectDashboard() site.Options {
	return site.Options{
		Protected: []string{"/dashboard"},
		Routed:    func(path string) bool { return path == "/healthz" || path == "/.well-known/jwks.json" },
	}
}

// Who is calling, in the header that identify reads.
const (
	whoHeader   = "X-Test-Who"
	alice       = "alice"
	refreshed   = "refreshed"   // signed in by a refresh cookie, which is rotated in passing
	unavailable = "unavailable" // nobody can know
	careless    = "careless"    // signed in, by somebody who sets a cookie when told not to
)

func identify(c echo.Context, depth web.Depth) (web.Identity, error) {
	switch c.Request().Header.Get(whoHeader) {
	case alice:
	case refreshed:
		if depth == web.Refreshing {
			c.SetCookie(&http.Cookie{Name: "accessToken", Value: "new"})
			c.Response().Header().Set("X-Test-Rotated", "yes")
		}
	case careless:
		c.SetCookie(&http.Cookie{Name: "accessToken", Value: "new"})
	case unavailable:
		return web.Identity{}, problem.Busy(time.Second, nil)
	default:
		return web.Identity{}, problem.ErrUnauthenticated
	}
	return web.Identity{UserID: alice, SessionID: "s1"}, nil
}

const baseline = "default-src 'none'; frame-ancestors 'none'"

// handler is the site in the Echo that it is made for.
func handler(t testing.TB, files fstest.MapFS, opts site.Options) http.Handler {
	t.Helper()
	s, err := site.New(files, opts)
	if err != nil {
		t.Fatal(err)
	}
	return guarded(s.Guard())
}

// guarded is a guard in front of a router.
func guarded(guard echo.MiddlewareFunc) http.Handler {
	e := echo.New()
	e.HTTPErrorHandler = web.ErrorHandler(slog.New(slog.DiscardHandler))
	e.Pre(func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			c.Response().Header().Set("Content-Security-Policy", baseline)
			return next(c)
		}
	}, web.WhoIsCalling(identify), guard)
	e.Any("/*", func(c echo.Context) error { return c.String(http.StatusOK, "routed") })
	return e
}

func start(t testing.TB) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(handler(t, export(), protectDashboard()))
	t.Cleanup(server.Close)
	return server
}

// header is a header of one request, or the wanted one of an answer.
type header map[string]string

func (h header) with(more header) header {
	all := maps.Clone(h)
	maps.Copy(all, more)
	return all
}

// Requests as they are sent by a browser.
var (
	navigate  = header{"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "none", "Sec-Fetch-Dest": "document"}
	fetched   = header{"Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": "empty"}
	crossSite = header{"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "document"}
	signedIn  = header{whoHeader: alice}
)

// answer is a response with its body read.
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
	// The transport would ask for gzip, and unpack it, on its own.
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

// request is a case of a table: what is asked and what must come back. A
// wanted header of "" must be absent.
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
		name      string
		protected string
		file      string
		want      string
	}{
		{"relative", "dashboard", "", `protected path "dashboard"`},
		{"empty", "", "", `protected path ""`},
		{"root", "/", "", `protected path "/"`},
		{"trailing slash", "/dashboard/", "", "clean absolute path"},
		{"dot segment", "/a/../b", "", "clean absolute path"},
		{"double slash", "//dashboard", "", "clean absolute path"},
		{"backslash", `/a\b`, "", "clean absolute path"},
		{"semicolon", "/a;b", "", "clean absolute path"},
		{"encoded", "/a%2fb", "", "clean absolute path"},
		{"api", "/api/admin", "", "guard does not answer there"},
		{"assets", "/_next", "", "guard does not answer there"},
		{"sign-in page", "/login", "", "nobody could reach"},
		{"file of the router", "/dashboard", "healthz", "healthz cannot be served: the router answers /healthz"},
		{"page of the router", "/dashboard", "healthz.html", "healthz.html cannot be served: the router answers /healthz"},
		{"file of the API", "/dashboard", "api/thing", "api/thing cannot be served"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			files := export()
			if tt.file != "" {
				files[tt.file] = &fstest.MapFile{}
			}
			opts := protectDashboard()
			opts.Protected = []string{tt.protected}
			s, err := site.New(files, opts)
			if s != nil || err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("New: %v, %v; want an error with %q", s, err, tt.want)
			}
		})
	}
	t.Run("all faults at once", func(t *testing.T) {
		_, err := site.New(export(), site.Options{Protected: []string{"a", "/b", "c"}})
		if err == nil || !strings.Contains(err.Error(), `"a"`) || !strings.Contains(err.Error(), `"c"`) || strings.Contains(err.Error(), `"/b"`) {
			t.Errorf("New: %v", err)
		}
	})
	t.Run("unreadable file", func(t *testing.T) {
		_, err := site.New(unreadable{export()}, protectDashboard())
		if !errors.Is(err, errUnreadable) || !strings.Contains(err.Error(), "cannot be read") {
			t.Errorf("New: %v", err)
		}
	})
	t.Run("no page below", func(t *testing.T) {
		if _, err := site.New(export(), site.Options{Protected: []string{"/nothing/here"}}); err != nil {
			t.Errorf("New: %v", err)
		}
	})
}

var errUnreadable = errors.New("disk on fire")

// unreadable is a file system with one file that cannot be read.
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
