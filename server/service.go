package server

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"lychgate/server/listen"
	"lychgate/server/problem"
	"lychgate/server/store"
	"lychgate/server/token"
)

// service answers what machines ask: probes, other services, tools.
type service struct {
	store     *store.Store
	keys      *token.Keys
	listening *listen.Server
	document  func() ([]byte, error) // the contract, as JSON
}

// contract answers GET /api/openapi.json.
func (s service) contract(c echo.Context) error {
	document, err := s.document()
	if err != nil {
		return err
	}
	c.Response().Header().Set(echo.HeaderCacheControl, "public, max-age=300")
	return c.JSONBlob(http.StatusOK, document)
}

// jwks answers GET /.well-known/jwks.json.
func (s service) jwks(c echo.Context) error {
	set, err := s.keys.JWKS()
	if err != nil {
		return err
	}
	c.Response().Header().Set(echo.HeaderCacheControl, "public, max-age=300")
	return c.JSONBlob(http.StatusOK, set)
}

type status struct {
	Status string `json:"status"`
}

// health says that the process lives.
func (s service) health(c echo.Context) error { return c.JSON(http.StatusOK, status{"ok"}) }

// ready says that requests can be served: not while draining, and not while
// the database does not answer.
func (s service) ready(c echo.Context) error {
	if s.listening.Draining.Load() {
		return problem.Busy(listen.DrainTime, nil)
	}
	if err := s.store.Ping(c.Request().Context()); err != nil {
		return err
	}
	if err := s.store.Fresh(); err != nil {
		return err
	}
	return c.JSON(http.StatusOK, status{"ok"})
}
