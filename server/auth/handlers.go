package auth

import (
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"lychgate/server/problem"
	"lychgate/server/store"
	"lychgate/server/web"
)

// Handlers answer the routes of auth, and say who is calling.
type Handlers struct {
	Service *Service
	Cookies web.Cookies
}

// Profile is a person as the API shows one.
type Profile struct {
	ID        string    `json:"id"`
	Email     string    `json:"email"`
	Name      string    `json:"name"`
	CreatedAt time.Time `json:"createdAt"`
}

// NewProfile returns the profile of an account.
func NewProfile(u store.User) Profile {
	return Profile{ID: u.ID, Email: u.Email, Name: u.Name, CreatedAt: u.CreatedAt}
}

// tokens is the answer that hands out tokens; which members it has depends on
// how they are delivered.
type tokens struct {
	User         *Profile `json:"user,omitempty"`
	AccessToken  string   `json:"accessToken,omitempty"`
	RefreshToken string   `json:"refreshToken,omitempty"`
	ExpiresIn    int      `json:"expiresIn"`
}

// Register answers POST /api/auth/register.
func (h *Handlers) Register(c echo.Context) error {
	var input struct {
		Email         string  `json:"email"`
		Password      string  `json:"password"`
		Name          string  `json:"name"`
		TokenDelivery *string `json:"tokenDelivery"`
	}
	if err := web.Bind(c, &input); err != nil {
		return err
	}
	delivery, err := deliveryOf(c, input.TokenDelivery)
	if err != nil {
		return err
	}
	grant, user, err := h.Service.Register(c.Request().Context(), Credentials{input.Email, input.Password}, input.Name, ClientOf(c), h.replaced(c))
	if err != nil {
		return err
	}
	return h.signedIn(c, http.StatusCreated, delivery, grant, user)
}

// Login answers POST /api/auth/login.
func (h *Handlers) Login(c echo.Context) error {
	var input struct {
		Email         string  `json:"email"`
		Password      string  `json:"password"`
		TokenDelivery *string `json:"tokenDelivery"`
	}
	if err := web.Bind(c, &input); err != nil {
		return err
	}
	delivery, err := deliveryOf(c, input.TokenDelivery)
	if err != nil {
		return err
	}
	grant, user, err := h.Service.Login(c.Request().Context(), Credentials{input.Email, input.Password}, ClientOf(c), h.replaced(c))
	if err != nil {
		return err
	}
	return h.signedIn(c, http.StatusOK, delivery, grant, user)
}

// replaced returns how to find the sessions that a new one replaces: those of
// the cookies that came along. It is asked late, since it checks signatures.
func (h *Handlers) replaced(c echo.Context) func() []string {
	return func() []string { return h.cookieSessions(c) }
}

// delivery says where the tokens of a new session are put.
type delivery int

const (
	inCookies        delivery = iota
	inCookiesAndBody          // the access token in the body as well: for a program
	inBody
)

// deliveryOf returns the delivery that a request asks for. What a browser is
// told every script on the page can read, so it gets tokens in the body only
// when it asks for that.
func deliveryOf(c echo.Context, asked *string) (delivery, error) {
	switch {
	case asked != nil && *asked == "body":
		return inBody, nil
	case asked != nil && *asked != "cookie":
		return 0, problem.Faults(problem.Field{Field: "tokenDelivery", Code: "unknown_value", Detail: "This must be cookie or body."})
	case web.FromBrowser(c.Request().Header):
		return inCookies, nil
	}
	return inCookiesAndBody, nil
}

func (h *Handlers) signedIn(c echo.Context, status int, delivery delivery, grant Grant, user store.User) error {
	profile := NewProfile(user)
	answer := tokens{User: &profile, ExpiresIn: grant.ExpiresIn}
	if delivery != inCookies {
		answer.AccessToken = grant.AccessToken
	}
	if delivery == inBody {
		answer.RefreshToken = grant.RefreshToken
	} else {
		h.setCookies(c, grant)
	}
	return c.JSON(status, answer)
}

func (h *Handlers) setCookies(c echo.Context, grant Grant) {
	h.Cookies.Set(c, grant.AccessToken, grant.RefreshToken, grant.CookieLife)
}

// Refresh answers POST /api/auth/refresh: with a token in the body to a
// program, without one to a browser.
func (h *Handlers) Refresh(c echo.Context) error {
	var input struct {
		RefreshToken *string `json:"refreshToken"`
	}
	if err := web.BindOptional(c, &input); err != nil {
		return err
	}
	token := input.RefreshToken
	if token == nil {
		_, inCookie, err := h.Cookies.Read(c)
		if err != nil {
			return err
		}
		token = &inCookie
	}
	grant, err := h.Service.Refresh(c.Request().Context(), *token, ClientOf(c))
	if err != nil {
		return err
	}
	if input.RefreshToken != nil {
		return c.JSON(http.StatusOK, tokens{AccessToken: grant.AccessToken, RefreshToken: grant.RefreshToken, ExpiresIn: grant.ExpiresIn})
	}
	h.setCookies(c, grant)
	return c.JSON(http.StatusOK, tokens{ExpiresIn: grant.ExpiresIn})
}

// Session answers GET /api/auth/session, to anybody: so that pages can ask
// without an error in the console.
func (h *Handlers) Session(c echo.Context) error {
	type answer struct {
		Authenticated bool       `json:"authenticated"`
		Reason        string     `json:"reason,omitempty"`
		User          *Profile   `json:"user,omitempty"`
		ExpiresAt     *time.Time `json:"expiresAt,omitempty"`
	}
	caller, err := web.Caller(c, web.Refreshing)
	var (
		user store.User
		ends time.Time
	)
	if err == nil {
		user, ends, err = h.Service.Current(c.Request().Context(), caller)
	}
	switch {
	case errors.Is(err, problem.ErrUnauthenticated):
		return c.JSON(http.StatusOK, answer{})
	case errors.Is(err, web.ErrDuplicateCookies):
		return c.JSON(http.StatusOK, answer{Reason: web.ErrDuplicateCookies.Code})
	case err != nil:
		return err
	}
	profile, ends := NewProfile(user), ends.UTC()
	return c.JSON(http.StatusOK, answer{Authenticated: true, User: &profile, ExpiresAt: &ends})
}

// JWKS answers GET /.well-known/jwks.json.
func (h *Handlers) JWKS(c echo.Context) error {
	set, err := h.Service.Keys.JWKS()
	if err != nil {
		return err
	}
	c.Response().Header().Set(echo.HeaderCacheControl, "public, max-age=300")
	return c.JSONBlob(http.StatusOK, set)
}
