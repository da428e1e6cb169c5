package session

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"lychgate/server/access"
	"lychgate/server/audit"
	"lychgate/server/problem"
	"lychgate/server/store"
)

// mostAtOnce is how many sessions one transaction revokes. It is the most that
// --sessions-per-account allows, so one transaction is enough for every account
// but those from before there was a limit.
const mostAtOnce = 1000

// RevokeAll revokes the sessions of a person except one (which may be empty), in
// the transaction of the change that asks for it. may returns an error if that
// change may no longer be made. If the account has more sessions than one
// transaction revokes, most are revoked before, in steps. It returns how many were
// revoked, even with an error.
func RevokeAll(ctx context.Context, db *store.Store, now func() time.Time, userID, except string, may, change func(*store.Queries) error) (revoked int, err error) {
	err = db.InSteps(ctx, func(q *store.Queries) (bool, error) {
		if err := may(q); err != nil {
			return false, err
		}
		many, err := q.HasMoreSessions(ctx, userID, except, mostAtOnce)
		if err != nil {
			return false, err
		}
		limit := mostAtOnce
		if many {
			limit = store.StepRows
		}
		step, err := q.RevokeSessionsOf(ctx, userID, except, now(), limit)
		q.AfterCommit(func() { revoked += len(step) })
		if err != nil || many {
			return many, err
		}
		return false, change(q)
	})
	return revoked, err
}

// Regardless is for a change that may always be made.
func Regardless(*store.Queries) error { return nil }

// Revoke revokes a session of a person. It returns problem.ErrNotFound unless it is
// a live session of theirs.
func (s *Service) Revoke(ctx context.Context, userID, sessionID string, by audit.By) error {
	ctx, cancel := UntilRevoked(ctx)
	defer cancel()
	return s.Store.Write(ctx, func(q *store.Queries) error {
		session, err := q.Session(ctx, sessionID)
		if errors.Is(err, store.ErrNotFound) || err == nil && (session.UserID != userID || !s.isLive(session)) {
			return problem.ErrNotFound
		}
		if err != nil {
			return err
		}
		return s.revokeEach(ctx, q, []string{sessionID}, audit.SessionEnd, by)
	})
}

// RevokeOthers revokes all sessions of a person but the caller's.
func (s *Service) RevokeOthers(ctx context.Context, caller access.Identity, by audit.By) error {
	ctx, cancel := UntilRevoked(ctx)
	defer cancel()
	_, err := RevokeAll(ctx, s.Store, s.Now, caller.UserID, caller.SessionID, Regardless, func(q *store.Queries) error {
		return s.audit(ctx, q, audit.OtherSessionsEnd, caller.UserID, caller.SessionID, by)
	})
	return err
}

// SignOut revokes sessions; one that is revoked already, or never was, is fine.
func (s *Service) SignOut(ctx context.Context, sessionIDs []string, client audit.Client) error {
	if len(sessionIDs) == 0 {
		return nil
	}
	ctx, cancel := Lasting(ctx)
	defer cancel()
	return s.Store.Write(ctx, func(q *store.Queries) error {
		return s.revokeEach(ctx, q, sessionIDs, audit.Logout, audit.By{Client: client})
	})
}

// revokeEach is RevokeOne for the sessions that are not revoked yet.
func (s *Service) revokeEach(ctx context.Context, q *store.Queries, sessionIDs []string, event audit.Event, by audit.By) error {
	for _, id := range sessionIDs {
		if err := RevokeOne(ctx, q, s.Now(), id, event, by); err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
	}
	return nil
}

// RevokeOne revokes a session inside a transaction, with its audit line. If by names
// no actor, the session's own person is the actor. It returns store.ErrNotFound if
// there is no such session, or it is revoked already.
func RevokeOne(ctx context.Context, q *store.Queries, at time.Time, id string, event audit.Event, by audit.By) error {
	session, err := q.Session(ctx, id)
	if err != nil {
		return err
	}
	if err := q.RevokeSession(ctx, id, at); err != nil {
		return err
	}
	if by.Actor == audit.Nobody {
		by = audit.Person(session.UserID, by.Client)
	}
	return audit.Write(ctx, q, at, audit.Line{Event: event, UserID: session.UserID, SessionID: id, By: by})
}

// limitSessions revokes the sessions of a person that are past the limit, least
// recently used first, but no more than a step allows. It reports whether there may
// be more.
func (s *Service) limitSessions(ctx context.Context, q *store.Queries, userID, newest string, by audit.By) (more bool, err error) {
	most := s.Limit + store.StepRows
	sessions, err := q.SessionsByLastSeen(ctx, userID, most)
	if err != nil || len(sessions) <= s.Limit {
		return false, err
	}
	more = len(sessions) == most
	sessions = slices.DeleteFunc(sessions, func(session store.Session) bool { return !s.isLive(session) })
	slices.SortStableFunc(sessions, func(a, b store.Session) int {
		if a.ID == newest || b.ID == newest {
			return map[bool]int{true: -1, false: 1}[a.ID == newest]
		}
		return cmp.Or(s.LastSeen.of(b).Compare(s.LastSeen.of(a)), b.CreatedAt.Compare(a.CreatedAt))
	})
	if len(sessions) <= s.Limit {
		return false, nil
	}
	var surplus []string
	for _, session := range sessions[s.Limit:] {
		surplus = append(surplus, session.ID)
	}
	revoked, err := q.RevokeSessions(ctx, surplus, s.Now())
	if err != nil {
		return false, err
	}
	only := ""
	if len(revoked) == 1 {
		only = revoked[0]
	}
	return more, s.audit(ctx, q, audit.SessionLimit, userID, only, by)
}

// ThinOut brings the sessions of crowded accounts down to the limit.
func (s *Service) ThinOut(ctx context.Context) error {
	var errs []error
	for _, userID := range s.crowded.TakeAll() {
		err := s.Store.InSteps(ctx, func(q *store.Queries) (more bool, err error) {
			return s.limitSessions(ctx, q, userID, "", audit.By{Actor: audit.Server})
		})
		if err != nil {
			s.crowded.Add(userID)
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
