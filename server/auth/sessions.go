package auth

import (
	"context"
	"errors"
	"time"

	"lychgate/server/problem"
	"lychgate/server/store"
	"lychgate/server/web"
)

// Grant is what a session hands out: the tokens and how long they last.
type Grant struct {
	Identity     web.Identity
	AccessToken  string
	ExpiresIn    int // of the access token, in seconds
	RefreshToken string
	CookieLife   time.Duration // as long as the session may last
}

// endsAt returns when a session ends if it is not used again.
func (s *Service) endsAt(session store.Session, lastUse time.Time) time.Time {
	idle, most := lastUse.Add(s.SessionIdle), session.CreatedAt.Add(s.SessionMax)
	if most.Before(idle) {
		return most
	}
	return idle
}

// isOver reports whether a session has ended, or lapsed.
func (s *Service) isOver(session store.Session) bool {
	return session.Ended || !s.Now().Before(s.endsAt(session, s.Use.since(session)))
}

func (s *Service) grant(session store.Session, generation int64) (Grant, error) {
	identity := web.Identity{UserID: session.UserID, SessionID: session.ID}
	access, expiresIn, err := s.AccessTokens.Mint(identity, s.endsAt(session, s.Now()))
	return Grant{
		Identity:     identity,
		AccessToken:  access,
		ExpiresIn:    expiresIn,
		RefreshToken: s.RefreshTokens.mint(session.ID, generation),
		CookieLife:   session.CreatedAt.Add(s.SessionMax).Sub(s.Now()),
	}, err
}

// Current returns the person behind an identity, and when the session ends if
// it is not used again. It returns problem.ErrUnauthenticated when either is
// gone, or the account is disabled.
func (s *Service) Current(ctx context.Context, caller web.Identity) (store.User, time.Time, error) {
	user, err := PersonOf(ctx, s.Store.Read(), caller)
	if err != nil {
		return store.User{}, time.Time{}, err
	}
	session, err := s.Store.Read().Session(ctx, caller.SessionID)
	if errors.Is(err, store.ErrNotFound) {
		err = problem.ErrUnauthenticated
	}
	return user, s.endsAt(session, s.Now()), err
}

// PersonOf returns the account of a caller. It returns
// problem.ErrUnauthenticated when the account is gone or disabled.
func PersonOf(ctx context.Context, q *store.Queries, caller web.Identity) (store.User, error) {
	user, err := q.User(ctx, caller.UserID)
	if errors.Is(err, store.ErrNotFound) || err == nil && user.Disabled {
		err = problem.ErrUnauthenticated
	}
	return user, err
}

// EndSession ends a session of a person. It returns problem.ErrNotFound when
// the person has no such session that could go on.
func (s *Service) EndSession(ctx context.Context, userID, sessionID string, client Client) error {
	ctx, cancel := carryOut(ctx)
	defer cancel()
	err := s.Store.Write(ctx, func(q *store.Queries) error {
		session, err := q.Session(ctx, sessionID)
		if errors.Is(err, store.ErrNotFound) || err == nil && (session.UserID != userID || s.isOver(session)) {
			return problem.ErrNotFound
		}
		if err != nil {
			return err
		}
		return s.endAll(ctx, q, []string{sessionID}, "session_end", client)
	})
	if err != nil {
		return err
	}
	s.Endings.Add(sessionID)
	return nil
}

// EndOtherSessions ends all sessions of a person but the caller's.
func (s *Service) EndOtherSessions(ctx context.Context, caller web.Identity, client Client) error {
	ctx, cancel := carryOut(ctx)
	defer cancel()
	revoked, err := revokeAll(ctx, s.Store, s.Now, caller.UserID, caller.SessionID, regardless, func(q *store.Queries) error {
		return s.audit(ctx, q, "other_sessions_end", outcomeSuccess, caller.UserID, caller.SessionID, client)
	})
	s.Endings.Add(revoked...)
	return err
}

// endAll ends sessions that have not ended yet, with an audit line each.
func (s *Service) endAll(ctx context.Context, q *store.Queries, sessionIDs []string, event string, client Client) error {
	for _, id := range sessionIDs {
		session, err := q.Session(ctx, id)
		if err == nil {
			err = q.EndSession(ctx, id, s.Now())
		}
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		if err := s.audit(ctx, q, event, outcomeSuccess, session.UserID, id, client); err != nil {
			return err
		}
	}
	return nil
}
