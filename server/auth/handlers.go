package auth

import (
	"errors"
	"net/http"
	"slices"
	"strings"
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
		Email    string `json:"email"`
		Password string `json:"password"`
		Name     string `json:"name"`
	}
	if err := web.Bind(c, &input); err != nil {
		return err
	}
	grant, user, err := h.Service.Register(c.Request().Context(), Credentials{input.Email, input.Password}, input.Name, ClientOf(c), h.cookieSessions(c)...)
	if err != nil {
		return err
	}
	return h.signedIn(c, http.StatusCreated, grant, user)
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
	inBody := input.TokenDelivery != nil && *input.TokenDelivery == "body"
	if !inBody && input.TokenDelivery != nil && *input.TokenDelivery != "cookie" {
		return problem.Faults(problem.Field{Field: "tokenDelivery", Code: "unknown_value", Detail: "This must be cookie or body."})
	}
	grant, user, err := h.Service.Login(c.Request().Context(), Credentials{input.Email, input.Password}, ClientOf(c), h.cookieSessions(c)...)
	if err != nil {
		return err
	}
	if inBody {
		profile := NewProfile(user)
		return c.JSON(http.StatusOK, tokens{User: &profile, AccessToken: grant.AccessToken, RefreshToken: grant.RefreshToken, ExpiresIn: grant.ExpiresIn})
	}
	return h.signedIn(c, http.StatusOK, grant, user)
}

func (h *Handlers) signedIn(c echo.Context, status int, grant Grant, user store.User) error {
	h.setCookies(c, grant)
	profile := NewProfile(user)
	return c.JSON(status, tokens{User: &profile, AccessToken: grant.AccessToken, ExpiresIn: grant.ExpiresIn})
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
			return ErrSessionEnded
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

// Logout answers POST /api/auth/logout. It ends the session of the access
// token and that of the refresh token, whichever came.
func (h *Handlers) Logout(c echo.Context) error {
	var sessions []string
	header := hasAuthorization(c)
	if !header {
		sessions = h.cookieSessions(c)
	} else if token, err := web.BearerToken(c.Request().Header); err == nil {
		sessions = appendSession(nil, h.Service.AccessTokens.SessionOf(token))
	}
	if err := h.Service.Logout(c.Request().Context(), sessions, ClientOf(c)); err != nil {
		return err
	}
	if !header { // else it alone counts, and the cookies' session goes on
		h.Cookies.Clear(c)
	}
	return c.NoContent(http.StatusNoContent)
}

// cookieSessions returns the sessions whose tokens came in cookies, expired
// tokens and old generations too, and each of several cookies of one name:
// enough to end them, and nothing else.
func (h *Handlers) cookieSessions(c echo.Context) (sessions []string) {
	access, refresh := h.Cookies.All(c)
	for _, token := range access {
		sessions = appendSession(sessions, h.Service.AccessTokens.SessionOf(token))
	}
	for _, token := range refresh {
		id, _, _ := h.Service.RefreshTokens.read(token)
		sessions = appendSession(sessions, id)
	}
	return sessions
}

func appendSession(sessions []string, id string) []string {
	if id == "" || slices.Contains(sessions, id) {
		return sessions
	}
	return append(sessions, id)
}

// Session answers GET /api/auth/session, to anybody: so that pages can ask
// without an error in the console.
func (h *Handlers) Session(c echo.Context) error {
	type answer struct {
		Authenticated bool       `json:"authenticated"`
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
	if errors.Is(err, problem.ErrUnauthenticated) {
		return c.JSON(http.StatusOK, answer{})
	}
	if err != nil {
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

// Identify is the one verifier of identity, for guard and API alike. An
// Authorization header alone counts where there is one, also when it is
// malformed. Without it the access cookie counts, and where that is missing,
// expired or cannot be verified, the refresh cookie.
func (h *Handlers) Identify(c echo.Context, depth web.Depth) (web.Identity, error) {
	if err := h.Service.followClock(c.Request().Context()); err != nil {
		return web.Identity{}, err
	}
	if hasAuthorization(c) {
		token, err := web.BearerToken(c.Request().Header)
		if err != nil {
			return web.Identity{}, err
		}
		identity, err := h.Service.AccessTokens.Verify(token)
		if err != nil {
			return web.Identity{}, err
		}
		return h.inSession(identity)
	}
	access, refresh, err := h.Cookies.Read(c)
	if err != nil {
		return web.Identity{}, err
	}
	if identity, err := h.Service.AccessTokens.Verify(access); err == nil {
		return h.inSession(identity)
	}
	if refresh == "" {
		return web.Identity{}, problem.ErrUnauthenticated
	}
	identity, err := h.byRefreshToken(c, refresh, depth)
	if errors.Is(err, ErrSessionEnded) {
		err = problem.ErrUnauthenticated
	}
	return identity, err
}

// inSession lets an identity pass whose session has not ended, and notes that
// the session is in use.
func (h *Handlers) inSession(identity web.Identity) (web.Identity, error) {
	if err := h.Service.Endings.Check(identity.SessionID); err != nil {
		return web.Identity{}, err
	}
	h.Service.Use.note(identity.SessionID, h.Service.Now())
	return identity, nil
}

func (h *Handlers) byRefreshToken(c echo.Context, token string, depth web.Depth) (web.Identity, error) {
	ctx := c.Request().Context()
	if depth == web.Peeking {
		return h.Service.Peek(ctx, token, ClientOf(c))
	}
	grant, err := h.Service.Refresh(ctx, token, ClientOf(c))
	if err != nil {
		return web.Identity{}, err
	}
	h.setCookies(c, grant)
	return grant.Identity, nil
}

func hasAuthorization(c echo.Context) bool {
	return len(c.Request().Header.Values(echo.HeaderAuthorization)) > 0
}

// maxUserAgent is as much of a user agent as is kept, in bytes.
const maxUserAgent = 512

// ClientOf returns from where a request came.
func ClientOf(c echo.Context) Client {
	agent := c.Request().UserAgent()
	agent = strings.ToValidUTF8(agent[:min(len(agent), maxUserAgent)], "")
	return Client{IP: c.RealIP(), UserAgent: agent}
}
