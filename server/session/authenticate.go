package session

import (
	"context"
	"errors"
	"net/http"
	"time"

	"lychgate/server/access"
	"lychgate/server/audit"
	"lychgate/server/problem"
	"lychgate/server/store"
	"lychgate/server/web"
)

// Authenticator is the one verifier of identity, for guard and API alike.
type Authenticator struct {
	Sessions *Service
	Cookies  web.Cookies
}

// Authenticate returns who is calling. A Bearer token alone counts where a Bearer
// header is sent, also when it is malformed. Without it the access cookie counts,
// and where that is missing, expired or cannot be verified, the refresh cookie. So
// one request has at most one signature and one MAC checked. header is that of the
// answer; a session that is refreshed in passing sets its cookies there. It returns
// problem.ErrUnauthenticated, web.ErrDuplicateCookies, or a problem of kind
// Unavailable when it cannot know.
func (a *Authenticator) Authenticate(r *http.Request, header http.Header, client audit.Client, depth web.Depth) (access.Identity, error) {
	s := a.Sessions
	if err := s.Settle(r.Context()); err != nil {
		return access.Identity{}, err
	}
	if bearer, sent := web.Bearer(r.Header); sent {
		identity, err := s.AccessTokens.Verify(bearer)
		if err != nil {
			return access.Identity{}, err
		}
		return s.inUse(identity)
	}
	accessToken, refreshToken, err := a.Cookies.Read(r)
	if err != nil {
		return access.Identity{}, err
	}
	if identity, err := s.AccessTokens.Verify(accessToken); err == nil {
		return s.inUse(identity)
	}
	if refreshToken == "" {
		return access.Identity{}, problem.ErrUnauthenticated
	}
	if depth == web.Peeking {
		return known(s.Peek(r.Context(), refreshToken, client))
	}
	reads := r.Method == http.MethodGet || r.Method == http.MethodHead
	tokens, err := s.Continue(r.Context(), refreshToken, client, reads)
	if err == nil && tokens.Refresh != "" {
		a.Cookies.Set(r, header, tokens.Access, tokens.Refresh, tokens.CookieLife)
	}
	return known(tokens.Identity, err)
}

// known turns ErrEnded into problem.ErrUnauthenticated.
func known(identity access.Identity, err error) (access.Identity, error) {
	if errors.Is(err, ErrEnded) {
		err = problem.ErrUnauthenticated
	}
	return identity, err
}

// inUse returns an identity whose session has not been revoked, and notes that the
// session was seen.
func (s *Service) inUse(identity access.Identity) (access.Identity, error) {
	if err := s.Revoked.Check(identity.SessionID); err != nil {
		return access.Identity{}, err
	}
	if err := s.Store.Fresh(); err != nil {
		return access.Identity{}, err
	}
	s.LastSeen.note(identity.SessionID, s.Now())
	return identity, nil
}

// LapsesAt returns when the session of an authenticated caller lapses if it is not
// used again. It returns problem.ErrUnauthenticated when there is no such session.
func (s *Service) LapsesAt(ctx context.Context, id string) (time.Time, error) {
	began, err := s.Began.Get(id, func() (time.Time, error) {
		session, err := s.Store.Read().Session(ctx, id)
		if errors.Is(err, store.ErrNotFound) {
			err = problem.ErrUnauthenticated
		}
		return session.CreatedAt, err
	})
	if err != nil {
		return time.Time{}, err
	}
	return s.lapsesAt(store.Session{CreatedAt: began}, s.Now()), nil
}
