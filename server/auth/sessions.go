package auth

import (
	"context"
	"errors"
	"slices"
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

// Sessions returns the sessions of a person that may go on, the newest first.
func (s *Service) Sessions(ctx context.Context, userID string) ([]store.Session, error) {
	sessions, err := s.Store.Read().SessionsOf(ctx, userID)
	sessions = slices.DeleteFunc(sessions, s.isOver)
	for i := range sessions {
		sessions[i].LastSeenAt = s.Use.since(sessions[i])
	}
	return sessions, err
}

// EndSession ends a session of a person. It returns problem.ErrNotFound when
// the person has no such session that could go on.
func (s *Service) EndSession(ctx context.Context, userID, sessionID string, client Client) error {
	ctx, cancel := lasting(ctx)
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
	ctx, cancel := lasting(ctx)
	defer cancel()
	var ended []string
	err := s.Store.Write(ctx, func(q *store.Queries) (err error) {
		if ended, err = q.EndSessionsOf(ctx, caller.UserID, caller.SessionID, s.Now()); err != nil {
			return err
		}
		return s.audit(ctx, q, "other_sessions_end", outcomeSuccess, caller.UserID, caller.SessionID, client)
	})
	if err != nil {
		return err
	}
	s.Endings.Add(ended...)
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

const (
	saveUseEvery = 30 * time.Second
	sweepEvery   = 10 * time.Minute
	// keepEnded is how long an ended session stays on record: longer than any
	// access token lives.
	keepEnded = 48 * time.Hour
	// keepKnown is how long an address stays known to an account.
	keepKnown = 365 * 24 * time.Hour
)

// keepKeys is how long a signing key is kept after its successor was made: as
// long as any session may live whose token it has signed, so that the token is
// good enough to revoke the session. A step back of the clock makes keys older
// than they are (see Keys.turnOver).
func (s *Service) keepKeys() time.Duration { return s.SessionMax + settleTime + longestTTL }

// Maintain writes down the use of sessions and sweeps out what has lapsed,
// until ctx ends.
func (s *Service) Maintain(ctx context.Context) {
	save, sweep := time.NewTicker(saveUseEvery), time.NewTicker(sweepEvery)
	defer save.Stop()
	defer sweep.Stop()
	err := s.sweep(ctx) // at once too: a server may be restarted more often than it sweeps
	for {
		if err != nil && ctx.Err() == nil {
			s.Log.Warn("maintenance failed; it is tried again", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-save.C:
			err = s.SaveUse(ctx)
		case <-sweep.C:
			s.Limits.Sweep()
			err = s.sweep(ctx)
		}
	}
}

// SaveUse writes down which sessions were in use. Nothing is lost when it
// fails.
func (s *Service) SaveUse(ctx context.Context) error {
	if s.Use.isEmpty() {
		return nil
	}
	var seen map[string]time.Time
	err := s.write(ctx, func(q *store.Queries) error {
		seen = s.Use.take()
		return saveUse(ctx, q, seen, 0)
	})
	if err != nil {
		s.Use.putBack(seen)
	}
	return err
}

// saveUse writes down which sessions were in use, so much earlier than noted.
func saveUse(ctx context.Context, q *store.Queries, seen map[string]time.Time, earlier time.Duration) error {
	for id, at := range seen {
		if err := q.SeeSession(ctx, id, at.Add(-earlier)); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) sweep(ctx context.Context) error {
	if err := s.SaveUse(ctx); err != nil {
		return err
	}
	now := s.Now()
	err := s.Store.Write(ctx, func(q *store.Queries) error {
		if err := q.SweepAttempts(ctx, now); err != nil {
			return err
		}
		if err := q.DeleteRetiredSigningKeys(ctx, now.Add(-s.keepKeys())); err != nil {
			return err
		}
		return q.Sweep(ctx, now.Add(-s.SessionMax), now.Add(-s.SessionIdle), now.Add(-keepEnded), now.Add(-keepKnown))
	})
	if err != nil {
		return err
	}
	return s.pruneAudit(ctx, now.Add(-s.AuditKeep))
}

// pruneAtOnce is how many audit lines go in one transaction: few enough that
// nobody who writes meanwhile waits for long.
const pruneAtOnce = 500

func (s *Service) pruneAudit(ctx context.Context, before time.Time) error {
	for {
		var pruned int64
		err := s.Store.Write(ctx, func(q *store.Queries) (err error) {
			pruned, err = q.PruneAudit(ctx, before, pruneAtOnce)
			return err
		})
		if err != nil || pruned < pruneAtOnce {
			return err
		}
	}
}
