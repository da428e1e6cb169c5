package session

import (
	"context"
	"errors"

	"lychgate/server/store"
)

// Reason is why a session no longer counts, as clients are told.
type Reason string

// The reasons. The zero Reason means that none is known.
const (
	WasRevoked      Reason = "session_ended"
	HasLapsed       Reason = "session_expired"
	AccountDisabled Reason = "account_disabled"
)

// WhySignedOut returns why the session behind a caller's tokens no longer counts,
// or no reason if it does. The tokens have to prove which session it was: without
// one that we issued there is no reason. A session may be swept by then, so that
// only the access token still says whose it was, and when it was last refreshed.
func (s *Service) WhySignedOut(ctx context.Context, accessToken, refreshToken string) (Reason, error) {
	identity, issued := s.AccessTokens.Issued(accessToken)
	id := identity.SessionID
	if presented, ok := s.RefreshTokens.Read(refreshToken); ok {
		id = presented.SessionID
	}
	if id == "" {
		return "", nil
	}
	session, err := s.Store.Read().Session(ctx, id)
	swept := errors.Is(err, store.ErrNotFound)
	switch {
	case swept && identity.SessionID != id:
		return WasRevoked, nil
	case swept:
		session = store.Session{ID: id, UserID: identity.UserID, CreatedAt: issued, LastSeenAt: issued}
	case err != nil:
		return "", err
	}
	user, err := s.Store.Read().User(ctx, session.UserID)
	switch {
	case err == nil && user.Disabled:
		return AccountDisabled, nil
	case err != nil && !errors.Is(err, store.ErrNotFound):
		return "", err
	case session.Revoked:
		return WasRevoked, nil
	case !s.isLive(session):
		return HasLapsed, nil
	case swept:
		return WasRevoked, nil
	}
	return "", nil
}
