package server

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"lychgate/server/access"
	"lychgate/server/account"
	"lychgate/server/auth"
	"lychgate/server/web"
)

// route is a line of the table: each column acts, on the requests and on the
// contract.
type route struct {
	method, path string
	need         access.Need
	limit        limited
	body         web.Body
	handler      handler
}

// handler answers a request of a caller, who is the zero one where the need is
// public.
type handler func(c echo.Context, caller access.Identity) error

// limited says what a route counts. Its handler counts, and the contract documents
// the refusal.
type limited string

const (
	unlimited     limited = ""
	registrations limited = "registrations"
	signIns       limited = "failed sign-ins"
)

// features are what the table takes its handlers from.
type features struct {
	auth    auth.Handlers
	account account.Handlers
	service service
}

// routes is all that is answered besides the site's files. GET answers HEAD too.
func routes(f features) []route {
	return []route{
		{"POST", "/api/auth/register", access.Public, registrations, web.JSON, public(f.auth.Register)},
		{"POST", "/api/auth/login", access.Public, signIns, web.JSON, public(f.auth.Login)},
		{"POST", "/api/auth/refresh", access.Public, unlimited, web.OptionalJSON, public(f.auth.Refresh)},
		{"POST", "/api/auth/logout", access.Public, unlimited, web.NoBody, public(f.auth.Logout)},
		{"GET", "/api/auth/session", access.Public, unlimited, web.NoBody, public(f.auth.Session)},
		{"GET", "/api/auth/methods", access.Public, unlimited, web.NoBody, public(f.auth.Methods)},

		{"GET", "/api/user/profile", access.SignedIn, unlimited, web.NoBody, f.account.Profile},
		{"PATCH", "/api/user/profile", access.SignedIn, unlimited, web.JSON, f.account.UpdateProfile},
		{"POST", "/api/user/password", access.SignedIn, signIns, web.JSON, f.account.ChangePassword},
		{"GET", "/api/user/sessions", access.SignedIn, unlimited, web.NoBody, f.account.ListSessions},
		{"DELETE", "/api/user/sessions", access.SignedIn, unlimited, web.NoBody, f.account.RevokeOtherSessions},
		{"DELETE", "/api/user/sessions/:id", access.SignedIn, unlimited, web.NoBody, f.account.RevokeSession},
		{"GET", "/api/user/events", access.SignedIn, unlimited, web.NoBody, f.account.Events},
		{"POST", "/api/user/events/:id/seen", access.SignedIn, unlimited, web.NoBody, f.account.SeeEvents},

		{"GET", contractPath, access.Public, unlimited, web.NoBody, public(f.service.contract)},
		{"GET", jwksPath, access.Public, unlimited, web.NoBody, public(f.service.jwks)},
		{"GET", healthPath, access.Public, unlimited, web.NoBody, public(f.service.health)},
		{"GET", readyPath, access.Public, unlimited, web.NoBody, public(f.service.ready)},
	}
}

// public adapts a handler that does not need the caller.
func public(h echo.HandlerFunc) handler {
	return func(c echo.Context, _ access.Identity) error { return h(c) }
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

// checkNeeds returns an error if a route has a need that nobody can meet.
func checkNeeds(table []route, policy access.Policy) error {
	var faults []error
	for _, r := range table {
		if err := policy.CheckNeed(r.need); err != nil {
			faults = append(faults, fmt.Errorf("server/routes.go: %s %s: %w", r.method, r.path, err))
		}
	}
	return errors.Join(faults...)
}

// register puts the table into Echo's router.
func register(e *echo.Echo, table []route) {
	e.Use(refuseOptions)
	for _, r := range table {
		e.Add(r.method, r.path, r.serve)
		if r.method == http.MethodGet {
			e.Add(http.MethodHead, r.path, r.serve)
		}
	}
}

// serve applies the columns of a route, in their order.
func (r route) serve(c echo.Context) error {
	// The rule for all of /api; handlers of public documents override it.
	web.NoStore(c)
	caller, err := web.Require(c, r.need, web.Refreshing)
	if err != nil {
		return err
	}
	if err := r.body.Read(c); err != nil {
		return err
	}
	return r.handler(c, caller)
}

// ownResources stops other sites from embedding answers of the API in their pages,
// where side channels could reveal them. The contract is a public document.
func ownResources(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if path := c.Request().URL.EscapedPath(); strings.HasPrefix(path, "/api/") && path != contractPath {
			web.OwnResource(c)
		}
		return next(c)
	}
}

// refuseOptions answers OPTIONS like any method that a path does not have: there are
// no cross-origin answers, so no preflight needs one.
func refuseOptions(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if c.Request().Method != http.MethodOptions {
			return next(c)
		}
		if allow, known := c.Get(echo.ContextKeyHeaderAllow).(string); known {
			c.Response().Header().Set(echo.HeaderAllow, allow)
			return echo.ErrMethodNotAllowed
		}
		return next(c)
	}
}
