package auth

import (
	"context"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"lychgate/server/store"
	"lychgate/server/web"
)

// mostCookies is how many cookies of one name are looked at when sessions are
// to be revoked, and so how many signatures a request can have checked.
const mostCookies = 2

// Logout answers POST /api/auth/logout. It revokes the session of the Bearer
// token, or those of the tokens in cookies.
func (h *Handlers) Logout(c echo.Context) error {
	var sessions []string
	bearer, byHeader := web.Bearer(c.Request().Header)
	if byHeader {
		sessions = appendSession(nil, h.Service.AccessTokens.SessionOf(bearer))
	} else {
		sessions = h.cookieSessions(c)
	}
	if err := h.Service.Logout(c.Request().Context(), sessions, ClientOf(c)); err != nil {
		return err
	}
	if !byHeader { // else it alone counts, and the cookies' session goes on
		h.Cookies.Clear(c)
	}
	return c.NoContent(http.StatusNoContent)
}

// Logout revokes sessions; one that is revoked already, or never was, is fine.
func (s *Service) Logout(ctx context.Context, sessionIDs []string, client Client) error {
	if len(sessionIDs) == 0 {
		return nil
	}
	ctx, cancel := lasting(ctx)
	defer cancel()
	err := s.Store.Write(ctx, func(q *store.Queries) error {
		return s.endAll(ctx, q, sessionIDs, "logout", client)
	})
	if err != nil {
		return err
	}
	s.Endings.Add(sessionIDs...)
	return nil
}

// cookieSessions returns the sessions whose tokens came in cookies, expired
// tokens and old generations too: enough to revoke them, and nothing else.
func (h *Handlers) cookieSessions(c echo.Context) []string {
	return h.Service.sessionsOf(h.Cookies.All(c))
}

// sessionsOf returns the sessions of tokens. Of each kind it looks at the last
// ones alone: browsers send cookies of longer paths first, and ours have the
// shortest. The refresh tokens come first, for their MAC is cheap to check, and
// an access token of a session that is known already proves nothing more.
func (s *Service) sessionsOf(access, refresh []string) (sessions []string) {
	for _, token := range last(refresh) {
		known, _ := s.RefreshTokens.read(token)
		sessions = appendSession(sessions, known.sessionID)
	}
	for _, token := range last(access) {
		if !slices.Contains(sessions, claimedSession(token)) {
			sessions = appendSession(sessions, s.AccessTokens.SessionOf(token))
		}
	}
	return sessions
}

func last(tokens []string) []string { return tokens[max(0, len(tokens)-mostCookies):] }

func appendSession(sessions []string, id string) []string {
	if id == "" || slices.Contains(sessions, id) {
		return sessions
	}
	return append(sessions, id)
}
