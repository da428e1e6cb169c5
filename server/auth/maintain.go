package auth

import (
	"context"
	"time"

	"lychgate/server/store"
)

const (
	saveUseEvery = 30 * time.Second
	sweepEvery   = 10 * time.Minute
	// tokenLeeway is by how much an access token may outlive its time: clocks of
	// two replicas differ, and one may be set back without notice.
	tokenLeeway = issuedInTheFuture + clockLeeway
	// keepKnown is how long an address stays known to an account, and mostKnown
	// how many.
	keepKnown = 365 * 24 * time.Hour
	mostKnown = 1000

	// mostAuditLines is how many lines of the audit log are kept of an account, of
	// successes and of failures each, so that neither pushes out the other.
	mostAuditLines = 10_000
	// mostUnknownLines is how many are kept of failures with accounts that do not
	// exist.
	mostUnknownLines = 100_000
	// countAtOnce is how many new lines are counted by one query.
	countAtOnce = 10_000
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
			s.Limits.Sweep()
			if err = s.SaveUse(ctx); err == nil {
				_, err = s.Store.Erase(ctx) // what the command line could not
			}
		case user := <-s.Crowded:
			err = s.thinOut(ctx, user)
		case <-sweep.C:
			err = s.sweep(ctx)
		}
	}
}

// SaveUse writes down which sessions were in use. Nothing is lost when it
// fails.
func (s *Service) SaveUse(ctx context.Context) error {
	left := s.Use.size()
	if left == 0 {
		return nil
	}
	var seen map[string]time.Time
	err := s.Store.InStepsBy(ctx, s.write, func(q *store.Queries) (bool, error) {
		seen = s.Use.take(store.StepRows)
		left -= len(seen)
		return left > 0 && len(seen) > 0, saveUse(ctx, q, seen, 0)
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

// sweep removes what has lapsed, in steps.
func (s *Service) sweep(ctx context.Context) error {
	if err := s.SaveUse(ctx); err != nil {
		return err
	}
	now, longest, err := s.beginSweep(ctx)
	if err != nil {
		return err
	}
	ended := now.Add(-longest - tokenLeeway)
	for _, lapsed := range []struct {
		sweep  func(*store.Queries, context.Context, time.Time, int) (int64, error)
		before time.Time
	}{
		{(*store.Queries).SweepOldSessions, now.Add(-s.SessionMax)},
		{(*store.Queries).SweepIdleSessions, now.Add(-s.SessionIdle)},
		{(*store.Queries).SweepEndedSessions, ended},
		{(*store.Queries).SweepEndings, ended},
		{(*store.Queries).SweepAddresses, now.Add(-keepKnown)},
		{(*store.Queries).SweepAttempts, now},
	} {
		err := s.Store.InSteps(ctx, func(q *store.Queries) (bool, error) {
			swept, err := lapsed.sweep(q, ctx, lapsed.before, store.StepRows)
			return swept == store.StepRows, err
		})
		if err != nil {
			return err
		}
	}
	if err := s.pruneAudit(ctx, now.Add(-s.AuditKeep)); err != nil {
		return err
	}
	if err := s.trimAudit(ctx); err != nil {
		return err
	}
	_, err = s.Store.Erase(ctx)
	return err
}

// beginSweep returns the time to sweep by, and the longest life of an access
// token that can count at that time. It removes what is never much.
func (s *Service) beginSweep(ctx context.Context) (now time.Time, longestTTL time.Duration, err error) {
	err = s.write(ctx, func(q *store.Queries) error {
		clock := s.Clock.sweeps.look(s.Now(), time.Now())
		if clock.At.IsZero() {
			if clock, err = s.restoreSweepClock(ctx, q); err != nil {
				return err
			}
		}
		now = clock.At
		if err := q.SaveSweepClock(ctx, clock); err != nil {
			return err
		}
		if err := q.NoteAccessTTL(ctx, s.AccessTTL, s.Now()); err != nil {
			return err
		}
		if longestTTL, err = q.LongestAccessTTL(ctx, now, sweepEvery+tokenLeeway); err != nil {
			return err
		}
		return q.DeleteRetiredSigningKeys(ctx, now.Add(-s.keepKeys()))
	})
	return now, longestTTL, err
}

// restoreSweepClock goes on from the time that the process before swept by. Where
// none did, it was not later than what was stored last.
func (s *Service) restoreSweepClock(ctx context.Context, q *store.Queries) (store.SweepClock, error) {
	clock, err := q.SweepClock(ctx)
	if err == nil && clock.At.IsZero() {
		clock.At, err = q.LatestRecord(ctx)
	}
	if err != nil {
		return store.SweepClock{}, err
	}
	now := time.Now()
	s.Clock.sweeps.restore(clock, now)
	return s.Clock.sweeps.look(s.Now(), now), nil
}

// pruneAudit removes the lines of the audit log that are from before a time.
func (s *Service) pruneAudit(ctx context.Context, before time.Time) error {
	var place store.AuditTime
	return s.Store.InSteps(ctx, func(q *store.Queries) (more bool, err error) {
		place, more, err = q.PruneAudit(ctx, before, place, store.StepRows)
		return more, err
	})
}

// trimAudit removes the oldest lines of accounts, and of those that do not exist,
// where there are too many. It looks only at accounts that have new lines since
// it last looked.
func (s *Service) trimAudit(ctx context.Context) error {
	read := s.Store.Read()
	seq, err := read.AuditCounted(ctx)
	if err != nil {
		return err
	}
	for more := true; more; {
		// An account has lines in many pages, and is counted once for all of them.
		counts := make(map[store.AuditCount]bool)
		for more && len(counts) < countAtOnce {
			page, last, err := read.CountedAfter(ctx, seq, countAtOnce)
			if err != nil {
				return err
			}
			for _, count := range page {
				counts[count] = true
			}
			more, seq = last > seq, last
		}
		for count := range counts {
			if err := s.trim(ctx, count); err != nil {
				return err
			}
		}
		if len(counts) == 0 {
			return nil
		}
		if err := s.Store.Write(ctx, func(q *store.Queries) error { return q.SaveAuditCounted(ctx, seq) }); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) trim(ctx context.Context, count store.AuditCount) error {
	keep := mostAuditLines
	if count.UserID == "" && count.Outcome == outcomeFailure {
		keep = mostUnknownLines
	}
	surplus, err := s.Store.Read().Surplus(ctx, count, keep)
	if err != nil || surplus == 0 {
		return err
	}
	var seq int64
	return s.Store.InSteps(ctx, func(q *store.Queries) (more bool, err error) {
		seq, more, err = q.TrimAudit(ctx, count, seq, surplus, store.StepRows)
		return more, err
	})
}
