package server

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/labstack/echo/v4"

	"lychgate/server/access"
	"lychgate/server/config"
	"lychgate/server/problem"
	"lychgate/server/site/sitetest"
	"lychgate/server/web"
)

// gatedRoutes is a router with a route for a role and one for a plan. The
// header X-Test-Who says who is calling.
func gatedRoutes(t *testing.T) http.Handler {
	t.Helper()
	policy, err := AccessPolicy()
	if err != nil {
		t.Fatal(err)
	}
	people := map[string]access.Subject{
		"ada":   {Role: access.RoleUser},
		"admin": {Role: access.RoleAdmin},
		"pro":   {Role: access.RoleUser, Grants: []access.Grant{{Plan: "pro"}}},
		"team":  {Role: access.RoleUser, Grants: []access.Grant{{Plan: "team"}}},
	}
	says := func(marker string) handler {
		return func(c echo.Context, _ access.Identity) error { return c.String(http.StatusOK, marker) }
	}
	e := echo.New()
	e.HTTPErrorHandler = web.ErrorHandler(slog.New(slog.DiscardHandler))
	e.Pre(web.Steps(time.Minute, web.Authenticate(web.Checks{
		Authenticate: func(c echo.Context, _ web.Depth) (access.Identity, error) {
			who := c.Request().Header.Get("X-Test-Who")
			if who == "" {
				return access.Identity{}, problem.ErrUnauthenticated
			}
			return access.Identity{UserID: who}, nil
		},
		Subject: func(_ context.Context, identity access.Identity) (access.Subject, error) {
			return people[identity.UserID], nil
		},
		Policy: policy,
		Now:    time.Now,
	})))
	register(e, []route{
		{"GET", "/api/dashboard", access.Role(access.RoleAdmin), unlimited, web.NoBody, says(sitetest.RoleMarker)},
		{"GET", "/api/dashboard/settings", access.Role(access.RoleAdmin), unlimited, web.NoBody, says(sitetest.RoleMarker)},
		{"GET", "/api/reports", access.Plan("pro"), unlimited, web.NoBody, says(sitetest.PlanMarker)},
		{"GET", "/api/reports/settings", access.Plan("pro"), unlimited, web.NoBody, says(sitetest.PlanMarker)},
	})
	return e
}

func TestRoutesOfRolesAndPlans(t *testing.T) {
	routes := gatedRoutes(t)
	for _, tt := range []struct {
		path, who string
		status    int
		holds     string
	}{
		{"/api/dashboard", "", 401, `"unauthenticated"`},
		{"/api/dashboard", "ada", 403, `"forbidden"`},
		{"/api/dashboard", "pro", 403, `"forbidden"`},
		{"/api/dashboard", "admin", 200, sitetest.RoleMarker},
		{"/api/reports", "", 401, `"unauthenticated"`},
		{"/api/reports", "ada", 403, `"plan_required"`},
		{"/api/reports", "admin", 403, `"plan_required"`},
		{"/api/reports", "pro", 200, sitetest.PlanMarker},
		{"/api/reports", "team", 200, sitetest.PlanMarker},
	} {
		for _, method := range []string{"GET", "HEAD"} {
			r := httptest.NewRequest(method, tt.path, nil)
			r.Header.Set("X-Test-Who", tt.who)
			w := httptest.NewRecorder()
			routes.ServeHTTP(w, r)
			if w.Code != tt.status || method == "GET" && !strings.Contains(w.Body.String(), tt.holds) {
				t.Errorf("%s %s as %q: %d %s, want %d with %s", method, tt.path, tt.who, w.Code, w.Body, tt.status, tt.holds)
			}
			if challenge := w.Header().Get("WWW-Authenticate"); (challenge != "") != (tt.status == 401) {
				t.Errorf("%s %s as %q: WWW-Authenticate %q", method, tt.path, tt.who, challenge)
			}
		}
	}
}

// In whatever way a route is spelled, it is for those alone who meet its need.
func TestRoutesInEverySpelling(t *testing.T) {
	routes := gatedRoutes(t)
	found := make(map[string]int)
	for _, target := range sitetest.Targets(t) {
		for kind, marker := range map[string]string{"dashboard": sitetest.RoleMarker, "reports": sitetest.PlanMarker} {
			path := "/api" + strings.ReplaceAll(target, "dashboard", kind)
			for _, who := range []string{"", "ada", "admin", "pro"} {
				r, err := http.ReadRequest(bufio.NewReader(strings.NewReader("GET " + path + " HTTP/1.1\r\nHost: example.com\r\nX-Test-Who: " + who + "\r\n\r\n")))
				if err != nil {
					continue // no server would read it
				}
				w := httptest.NewRecorder()
				routes.ServeHTTP(w, r)
				given := strings.Contains(w.Body.String(), marker)
				if met := who == "admin" && kind == "dashboard" || who == "pro" && kind == "reports"; given && !met {
					t.Errorf("%q gives %q what is marked %s", path, who, marker)
				}
				if given {
					found[kind]++
				}
			}
		}
	}
	if found["dashboard"] == 0 || found["reports"] == 0 {
		t.Errorf("found %v: that proves little", found)
	}
}

// A need that nobody could meet is a fault at start, and each is named.
func TestRoutesWithUnknownNeeds(t *testing.T) {
	policy, err := AccessPolicy()
	if err != nil {
		t.Fatal(err)
	}
	table := []route{
		{method: "GET", path: "/api/a", need: access.Plan("prro")},
		{method: "POST", path: "/api/b", need: access.Role("root")},
		{method: "GET", path: "/api/c", need: access.Plan("team")},
		{method: "GET", path: "/api/d", need: access.Role(access.RoleUser)},
		{method: "GET", path: "/api/e"},
	}
	want := `server/routes.go: GET /api/a: "plan:prro": there is no such plan` + "\n" + `server/routes.go: POST /api/b: "role:root": the roles are user and admin`
	if err := checkNeeds(table, policy); err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	if err := checkNeeds(routes(features{}), policy); err != nil {
		t.Error(err)
	}
}

// A rule for a path that has no page guards nothing, so the server does not
// start; the placeholder has no pages to guard.
func TestRuleWithoutPage(t *testing.T) {
	settings := config.Default()
	settings.Addr = "localhost:0"
	env := Environment{Site: fstest.MapFS{"index.html": {}, "login.html": {}}, Log: slog.New(slog.DiscardHandler), Now: time.Now}
	for partial, want := range map[bool]string{false: ", and there is no page there or below", true: ""} {
		settings.DataDir = t.TempDir()
		env.Partial = partial
		s, err := New(t.Context(), settings, env)
		if err == nil {
			err = s.close()
		}
		if got := fmt.Sprint(err); want == "" && err != nil || !strings.Contains(got, want) {
			t.Errorf("partial %v: %v, want %q", partial, err, want)
		}
	}
}
