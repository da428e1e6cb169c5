package auth

import (
	"errors"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"lychgate/server/problem"
	"lychgate/server/web"
)

// Identify is the one verifier of identity, for guard and API alike. A Bearer
// token alone counts where a Bearer header is sent, also when it is malformed.
// Without it the access cookie counts, and where that is missing, expired or
// cannot be verified, the refresh cookie. So one request has one signature
// checked, and one MAC.
func (h *Handlers) Identify(c echo.Context, depth web.Depth) (web.Identity, error) {
	if err := h.Service.followClock(c.Request().Context()); err != nil {
		return web.Identity{}, err
	}
	if token, sent := web.Bearer(c.Request().Header); sent {
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
	r := c.Request()
	if depth == web.Peeking {
		return h.Service.Peek(r.Context(), token, ClientOf(c))
	}
	reads := r.Method == http.MethodGet || r.Method == http.MethodHead
	grant, err := h.Service.Continue(r.Context(), token, ClientOf(c), reads)
	if err != nil {
		return web.Identity{}, err
	}
	if grant.RefreshToken != "" {
		h.setCookies(c, grant)
	}
	return grant.Identity, nil
}

// maxUserAgent is as much of a user agent as is kept, in bytes.
const maxUserAgent = 512

// ClientOf returns from where a request came.
func ClientOf(c echo.Context) Client {
	agent := c.Request().UserAgent()
	agent = strings.ToValidUTF8(agent[:min(len(agent), maxUserAgent)], "")
	return Client{IP: c.RealIP(), UserAgent: agent}
}
