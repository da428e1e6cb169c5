package auth

import (
	"cmp"
	"context"
	"slices"
	"time"

	"lychgate/server/store"
)

// mostAtOnce is how many sessions one transaction revokes: the most that
// --sessions-per-account allows, so that it is all of them for every account
// but those from before there was a limit.
const mostAtOnce = 1000

// revokeAll revokes the sessions of a person but for one (which may be empty), in
// one transaction with the change that asks for it, which also says whether it
// may still be made. Of an account that has more sessions than one transaction
// revokes, most are revoked before, in steps. It returns those that were revoked,
// also with an error.
func revokeAll(ctx context.Context, db *store.Store, now func() time.Time, userID, butFor string, may, change func(*store.Queries) error) (revoked []string, err error) {
	var step []string
	err = db.InSteps(ctx, func(q *store.Queries) (bool, error) {
		revoked, step = append(revoked, step...), nil // the step before has been committed
		if err := may(q); err != nil {
			return false, err
		}
		many, err := q.HasMoreSessions(ctx, userID, butFor, mostAtOnce)
		if err != nil {
			return false, err
		}
		limit := mostAtOnce
		if many {
			limit = store.StepRows
		}
		if step, err = q.EndSessionsOf(ctx, userID, butFor, now(), limit); err != nil || many {
			return many, err
		}
		return false, change(q)
	})
	if err == nil {
		revoked = append(revoked, step...)
	}
	return revoked, err
}

// regardless is for a change that may always be made.
func regardless(*store.Queries) error { return nil }

const eventSessionLimit = "session_limit"

// limitSessions revokes the sessions of a person that are past the limit, those
// not used for the longest, but no more than a step allows. It returns them, and
// whether there may be more.
func (s *Service) limitSessions(ctx context.Context, q *store.Queries, userID, newest string, client Client) (revoked []string, more bool, err error) {
	most := s.SessionLimit + store.StepRows
	sessions, err := q.SessionsByUse(ctx, userID, most)
	if err != nil || len(sessions) <= s.SessionLimit {
		return nil, false, err
	}
	more = len(sessions) == most
	sessions = slices.DeleteFunc(sessions, s.isOver)
	slices.SortStableFunc(sessions, func(a, b store.Session) int {
		if a.ID == newest || b.ID == newest {
			return map[bool]int{true: -1, false: 1}[a.ID == newest]
		}
		return cmp.Or(s.Use.since(b).Compare(s.Use.since(a)), b.CreatedAt.Compare(a.CreatedAt))
	})
	if len(sessions) <= s.SessionLimit {
		return nil, false, nil
	}
	for _, session := range sessions[s.SessionLimit:] {
		revoked = append(revoked, session.ID)
	}
	if revoked, err = q.EndSessions(ctx, revoked, s.Now()); err != nil {
		return nil, false, err
	}
	only := ""
	if len(revoked) == 1 {
		only = revoked[0]
	}
	return revoked, more, s.audit(ctx, q, eventSessionLimit, outcomeSuccess, userID, only, client)
}

// crowded notes an account with more sessions past the limit than a sign-in
// revokes, for Maintain.
func (s *Service) crowded(userID string) {
	select {
	case s.Crowded <- userID:
	default: // the next sign-in notes it again
	}
}

// thinOut brings the sessions of an account down to the limit.
func (s *Service) thinOut(ctx context.Context, userID string) error {
	var step []string
	err := s.Store.InSteps(ctx, func(q *store.Queries) (more bool, err error) {
		s.Endings.Add(step...)
		step, more, err = s.limitSessions(ctx, q, userID, "", Client{})
		return more, err
	})
	if err == nil {
		s.Endings.Add(step...)
	}
	return err
}
