package auth

import (
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"lychgate/server/problem"
	"lychgate/server/session"
	"lychgate/server/store"
	"lychgate/server/user"
	"lychgate/server/web"
)

// Handlers answer the routes below /api/auth.
type Handlers struct {
	Service  *Service
	Sessions *session.Service
	Subjects *user.Subjects
	Cookies  web.Cookies
	// Support is whom people can ask for help: an e-mail address or an https URL. It
	// may be empty.
	Support string
}

// tokens is the answer that hands out tokens; which members it has depends on
// how they are delivered.
type tokens struct {
	User         *user.Profile `json:"user,omitempty"`
	AccessToken  string        `json:"accessToken,omitempty"`
	RefreshToken string        `json:"refreshToken,omitempty"`
	ExpiresIn    int           `json:"expiresIn"`
}

// Register answers POST /api/auth/register.
func (h Handlers) Register(c echo.Context) error {
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
	started, account, err := h.Service.Register(c.Request().Context(), user.Credentials{Email: input.Email, Password: input.Password}, input.Name, web.ClientOf(c), h.replaced(c))
	if err != nil {
		return err
	}
	return h.signedIn(c, http.StatusCreated, delivery, started, account)
}

// Login answers POST /api/auth/login.
func (h Handlers) Login(c echo.Context) error {
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
	started, account, err := h.Service.Login(c.Request().Context(), user.Credentials{Email: input.Email, Password: input.Password}, web.ClientOf(c), h.replaced(c))
	if err != nil {
		return err
	}
	return h.signedIn(c, http.StatusOK, delivery, started, account)
}

// replaced returns a function that finds the sessions that a new one replaces:
// those whose cookies came with the request.
func (h Handlers) replaced(c echo.Context) func() []string {
	return func() []string { return h.Sessions.Of(h.Cookies.All(c.Request())) }
}

// delivery says where the tokens of a new session are put.
type delivery int

const (
	inCookies        delivery = iota
	inCookiesAndBody          // the access token in the body as well: for a program
	inBody
)

// deliveryOf returns the delivery that a request asks for. Every script on a page can
// read what its browser receives, so a browser gets tokens in the body only if it
// asks for them.
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

func (h Handlers) signedIn(c echo.Context, status int, delivery delivery, started session.Started, account store.User) error {
	if started.Challenge != nil {
		return problem.SecondStep(started.Challenge.Methods)
	}
	profile := user.ProfileOf(user.SubjectOf(account))
	answer := tokens{User: &profile, ExpiresIn: started.Tokens.ExpiresIn}
	if delivery != inCookies {
		answer.AccessToken = started.Tokens.Access
	}
	if delivery == inBody {
		answer.RefreshToken = started.Tokens.Refresh
	} else {
		h.setCookies(c, started.Tokens)
	}
	return c.JSON(status, answer)
}

func (h Handlers) setCookies(c echo.Context, tokens session.Tokens) {
	h.Cookies.Set(c.Request(), c.Response().Header(), tokens.Access, tokens.Refresh, tokens.CookieLife)
}

// Refresh answers POST /api/auth/refresh: with a token in the body to a
// program, without one to a browser.
func (h Handlers) Refresh(c echo.Context) error {
	var input struct {
		RefreshToken *string `json:"refreshToken"`
	}
	if err := web.Bind(c, &input); err != nil {
		return err
	}
	token := input.RefreshToken
	if token == nil {
		_, inCookie, err := h.Cookies.Read(c.Request())
		if err != nil {
			return err
		}
		token = &inCookie
	}
	refreshed, err := h.Sessions.Refresh(c.Request().Context(), *token, web.ClientOf(c))
	if err != nil {
		return err
	}
	if input.RefreshToken != nil {
		return c.JSON(http.StatusOK, tokens{AccessToken: refreshed.Access, RefreshToken: refreshed.Refresh, ExpiresIn: refreshed.ExpiresIn})
	}
	h.setCookies(c, refreshed)
	return c.JSON(http.StatusOK, tokens{ExpiresIn: refreshed.ExpiresIn})
}

// Session answers GET /api/auth/session, to anybody: so that pages can ask
// without an error in the console.
func (h Handlers) Session(c echo.Context) error {
	type nobody struct {
		Authenticated bool   `json:"authenticated"` // false
		Reason        string `json:"reason,omitempty"`
	}
	caller, err := web.Caller(c, web.Refreshing)
	var (
		profile  []byte
		lapsesAt time.Time
	)
	if err == nil {
		profile, err = h.Subjects.Profile(c.Request().Context(), caller)
	}
	if err == nil {
		lapsesAt, err = h.Sessions.LapsesAt(c.Request().Context(), caller.SessionID)
	}
	switch {
	case errors.Is(err, problem.ErrUnauthenticated):
		reason, err := h.whySignedOut(c)
		if err != nil {
			return err
		}
		return c.JSON(http.StatusOK, nobody{Reason: string(reason)})
	case errors.Is(err, web.ErrDuplicateCookies):
		return c.JSON(http.StatusOK, nobody{Reason: web.ErrDuplicateCookies.Code})
	case err != nil:
		return err
	}
	text := make([]byte, 0, len(profile)+100)
	text = append(append(append(text, `{"authenticated":true,"user":`...), profile...), `,"expiresAt":"`...)
	text = append(lapsesAt.UTC().AppendFormat(text, time.RFC3339Nano), `"}`...)
	return c.JSONBlob(http.StatusOK, text)
}

// whySignedOut returns why the session of the caller's cookies no longer counts.
func (h Handlers) whySignedOut(c echo.Context) (session.Reason, error) {
	if _, byHeader := web.Bearer(c.Request().Header); byHeader {
		return "", nil // it alone counts
	}
	accessToken, refreshToken, err := h.Cookies.Read(c.Request())
	if err != nil {
		return "", err
	}
	return h.Sessions.WhySignedOut(c.Request().Context(), accessToken, refreshToken)
}

// Logout answers POST /api/auth/logout. It revokes the session of the Bearer
// token, or those of the tokens in cookies.
func (h Handlers) Logout(c echo.Context) error {
	var sessions []string
	bearer, byHeader := web.Bearer(c.Request().Header)
	if byHeader {
		sessions = h.Sessions.Of([]string{bearer}, nil)
	} else {
		sessions = h.Sessions.Of(h.Cookies.All(c.Request()))
	}
	if err := h.Sessions.SignOut(c.Request().Context(), sessions, web.ClientOf(c)); err != nil {
		return err
	}
	if !byHeader { // else it alone counts, and the cookies' session goes on
		h.Cookies.Clear(c.Request(), c.Response().Header())
	}
	return c.NoContent(http.StatusNoContent)
}
