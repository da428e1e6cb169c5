package server

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"
	"go.yaml.in/yaml/v3"

	"lychgate/server/access"
	"lychgate/server/account"
	"lychgate/server/auth"
	"lychgate/server/problem"
	"lychgate/server/web"
)

// What routes ask of their callers.
var (
	anyone   = access.Public
	signedIn = access.SignedIn // 401 for others
)

// route is a line of the table: the test of the contract reads it too.
type route struct {
	method, path string
	who          access.Need
	limit        string // what is counted; empty: nothing
	handler      echo.HandlerFunc
}

// features are what the table takes its handlers from.
type features struct {
	auth    *auth.Handlers
	account *account.Handlers
}

// routes is all that is answered besides the site's files. GET answers HEAD
// too.
func (s *Server) routes(f features) []route {
	return []route{
		{"POST", "/api/auth/register", anyone, "registrations per address", f.auth.Register},
		{"POST", "/api/auth/login", anyone, "failed sign-ins", f.auth.Login},
		{"POST", "/api/auth/refresh", anyone, "", f.auth.Refresh},
		{"POST", "/api/auth/logout", anyone, "", takesNothing(f.auth.Logout)},
		{"GET", "/api/auth/session", anyone, "", f.auth.Session},

		{"GET", "/api/user/profile", signedIn, "", caller(f.account.Profile)},
		{"PATCH", "/api/user/profile", signedIn, "", caller(f.account.UpdateProfile)},
		{"POST", "/api/user/password", signedIn, "failed sign-ins", caller(f.account.ChangePassword)},
		{"GET", "/api/user/sessions", signedIn, "", caller(f.account.Sessions)},
		{"DELETE", "/api/user/sessions", signedIn, "", takesNothing(caller(f.account.EndOtherSessions))},
		{"DELETE", "/api/user/sessions/:id", signedIn, "", takesNothing(caller(f.account.EndSession))},
		{"GET", "/api/user/events", signedIn, "", caller(f.account.Events)},
		{"POST", "/api/user/events/:id/seen", signedIn, "", takesNothing(caller(f.account.SeeEvents))},

		{"GET", contractPath, anyone, "", s.contract},
		{"GET", jwksPath, anyone, "", f.auth.JWKS},
		{"GET", healthPath, anyone, "", s.health},
		{"GET", readyPath, anyone, "", s.ready},
	}
}

const (
	contractPath = "/api/openapi.json"
	jwksPath     = "/.well-known/jwks.json"
	healthPath   = "/healthz"
	readyPath    = "/readyz"
)

// outsideAPI reports whether a path is a route although it is not below /api.
// Probes and other services ask for these under any host name.
func outsideAPI(path string) bool {
	return path == jwksPath || path == healthPath || path == readyPath
}

// isProbe reports whether a path is one that probes of health ask for.
func isProbe(path string) bool { return path == healthPath || path == readyPath }

// ownResources keeps other sites from embedding answers of the API in their
// pages, where side channels could tell what is in them. The contract is a
// public document.
func ownResources(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if path := c.Request().URL.EscapedPath(); strings.HasPrefix(path, "/api/") && path != contractPath {
			c.Response().Header().Set("Cross-Origin-Resource-Policy", "same-origin")
		}
		return next(c)
	}
}

// register puts the table into Echo's router.
func register(e *echo.Echo, table []route) {
	e.Use(refuseOptions)
	for _, r := range table {
		handler := r.handler
		if r.method == http.MethodGet {
			handler = takesNothing(handler)
		}
		handler = requires(r.who, handler)
		handler = noStore(handler)
		e.Add(r.method, r.path, handler)
		if r.method == http.MethodGet {
			e.Add(http.MethodHead, r.path, handler)
		}
	}
}

// takesNothing refuses a body, which nothing would read.
func takesNothing(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if err := web.BindNothing(c); err != nil {
			return err
		}
		return next(c)
	}
}

// requires answers 401 or 403 to whoever does not meet a need.
func requires(need access.Need, next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if err := web.Require(c, need, web.Refreshing); err != nil {
			return err
		}
		return next(c)
	}
}

// caller tells a handler who is calling.
func caller(handler func(echo.Context, web.Identity) error) echo.HandlerFunc {
	return func(c echo.Context) error {
		identity, err := web.Caller(c, web.Refreshing)
		if err != nil {
			return err
		}
		return handler(c, identity)
	}
}

// noStore is the rule for all of /api; the handlers of public documents
// replace it.
func noStore(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Response().Header().Set(echo.HeaderCacheControl, "no-store")
		return next(c)
	}
}

// refuseOptions answers OPTIONS like any method that does not fit: there are
// no cross-origin answers here, so nothing asks for it.
func refuseOptions(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		allow, known := c.Get(echo.ContextKeyHeaderAllow).(string)
		if c.Request().Method == http.MethodOptions && known {
			c.Response().Header().Set(echo.HeaderAllow, allow)
			return echo.ErrMethodNotAllowed
		}
		return next(c)
	}
}

//go:embed openapi.yaml
var contractYAML []byte

// contractJSON returns openapi.yaml as JSON.
func contractJSON() ([]byte, error) {
	var document map[string]any
	if err := yaml.Unmarshal(contractYAML, &document); err != nil {
		return nil, fmt.Errorf("read openapi.yaml: %w", err)
	}
	return json.Marshal(document)
}

func (s *Server) contract(c echo.Context) error {
	c.Response().Header().Set(echo.HeaderCacheControl, "public, max-age=300")
	return c.JSONBlob(http.StatusOK, s.contractJSON)
}

type status struct {
	Status string `json:"status"`
}

// health says that the process lives.
func (s *Server) health(c echo.Context) error { return c.JSON(http.StatusOK, status{"ok"}) }

// ready says that requests can be served: not while draining, and not while
// the database does not answer.
func (s *Server) ready(c echo.Context) error {
	if s.draining.Load() {
		return problem.Busy(drainTime, nil)
	}
	if err := s.store.Ping(c.Request().Context()); err != nil {
		return err
	}
	if err := s.auth.Endings.Readable(); err != nil {
		return err
	}
	return c.JSON(http.StatusOK, status{"ok"})
}

// Contract returns the OpenAPI document, as YAML.
func Contract() []byte { return contractYAML }

// Operations returns the routes as the contract writes them, such as
// "DELETE /api/user/sessions/{id}".
func Operations() []string {
	var list []string
	for _, r := range new(Server).routes(features{}) {
		list = append(list, r.method+" "+inBraces(r.path))
	}
	return list
}

// inBraces writes Echo's :id as the contract does: {id}.
func inBraces(path string) string {
	segments := strings.Split(path, "/")
	for i, segment := range segments {
		if name, found := strings.CutPrefix(segment, ":"); found {
			segments[i] = "{" + name + "}"
		}
	}
	return strings.Join(segments, "/")
}
