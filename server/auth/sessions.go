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

var errReplayed = errors.New("an old refresh token was presented")

// Refresh exchanges a refresh token for its successor. It is idempotent: all
// who present the newest token at once get the same successor, and for the
// grace after the rotation the previous token still gives that one. Any older
// token, and the previous one after the grace, ends the session: one of its
// holders is a thief (RFC 9700, section 4.14.2). It returns ErrSessionEnded,
// or a problem of kind Unavailable.
func (s *Service) Refresh(ctx context.Context, token string, client Client) (Grant, error) {
	id, presented, ok := s.RefreshTokens.read(token)
	if !ok {
		return Grant{}, ErrSessionEnded
	}
	var (
		session  store.Session
		next     int64
		replayed bool
	)
	err := s.write(ctx, func(q *store.Queries) (err error) {
		session, next, err = s.rotate(ctx, q, id, presented)
		if replayed = errors.Is(err, errReplayed); !replayed {
			return err
		}
		if err := q.EndSession(ctx, id, s.Now()); err != nil {
			return err
		}
		return s.audit(ctx, q, store.EventReplay, outcomeFailure, session.UserID, id, client)
	})
	if err != nil {
		return Grant{}, err
	}
	if replayed {
		s.Endings.Add(id)
		s.Log.Warn("a refresh token was replayed; its session has been ended", "session", id, "user", session.UserID, "ip", client.IP)
		return Grant{}, ErrSessionEnded
	}
	s.Use.note(id, s.Now())
	return s.grant(session, next)
}

// rotate returns a session and the generation that follows the presented one.
// It returns ErrSessionEnded for a session that may not go on, and errReplayed
// for a generation that must not be presented any more.
func (s *Service) rotate(ctx context.Context, q *store.Queries, id string, presented int64) (store.Session, int64, error) {
	for {
		session, err := s.live(ctx, q, id)
		switch {
		case err != nil:
			return session, 0, err
		case s.inGrace(session, presented):
			return session, session.Generation, nil
		case presented > session.Generation: // the database was put back from a backup
			return session, 0, ErrSessionEnded
		case presented != session.Generation:
			return session, 0, errReplayed
		}
		rotated, err := q.RotateSession(ctx, id, presented, s.Now())
		if err != nil || rotated {
			return session, presented + 1, err
		}
		// Another request was first, or ended the session: look again.
	}
}

// live reads a session that may go on, or returns ErrSessionEnded.
func (s *Service) live(ctx context.Context, q *store.Queries, id string) (store.Session, error) {
	session, err := q.Session(ctx, id)
	var user store.User
	if err == nil {
		user, err = q.User(ctx, session.UserID)
	}
	if errors.Is(err, store.ErrNotFound) || err == nil && (user.Disabled || s.isOver(session)) {
		err = ErrSessionEnded
	}
	return session, err
}

func (s *Service) inGrace(session store.Session, presented int64) bool {
	return presented == session.Generation-1 && s.Now().Sub(session.RotatedAt) < s.RefreshGrace
}

// Peek returns whose refresh token it is, if Refresh would accept it, and
// rotates nothing. A replay ends the session here too. It returns
// ErrSessionEnded, or a problem of kind Unavailable.
func (s *Service) Peek(ctx context.Context, token string, client Client) (web.Identity, error) {
	id, presented, ok := s.RefreshTokens.read(token)
	if !ok {
		return web.Identity{}, ErrSessionEnded
	}
	session, err := s.live(ctx, s.Store.Read(), id)
	if err != nil {
		return web.Identity{}, err
	}
	if presented != session.Generation && !s.inGrace(session, presented) {
		_, err := s.Refresh(ctx, token, client) // generations only grow: it is a replay there too
		return web.Identity{}, err
	}
	return web.Identity{UserID: session.UserID, SessionID: id}, nil
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

// Logout ends sessions; one that has ended already, or never was, is fine.
func (s *Service) Logout(ctx context.Context, sessionIDs []string, client Client) error {
	if len(sessionIDs) == 0 {
		return nil
	}
	err := s.Store.Write(ctx, func(q *store.Queries) error {
		return s.endAll(ctx, q, sessionIDs, "logout", client)
	})
	if err != nil {
		return err
	}
	s.Endings.Add(sessionIDs...)
	return nil
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
