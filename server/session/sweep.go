package session

import (
	"context"
	"time"

	"lychgate/server/store"
	"lychgate/server/token"
)

// Sweep removes sessions that have lapsed at a time, and those revoked so long ago
// that none of their access tokens can still be valid. every is how often it runs.
// It works in steps.
func (s *Service) Sweep(ctx context.Context, now time.Time, every time.Duration) error {
	if err := s.LastSeen.Save(ctx, s.Store); err != nil {
		return err
	}
	longest, err := s.longestAccessTTL(ctx, now, every)
	if err != nil {
		return err
	}
	forgotten := now.Add(-longest - token.Leeway)
	for _, lapsed := range []store.Sweep{
		{Remove: (*store.Queries).SweepOldSessions, Before: now.Add(-s.Max)},
		{Remove: (*store.Queries).SweepIdleSessions, Before: now.Add(-s.Idle)},
		{Remove: (*store.Queries).SweepRevokedSessions, Before: forgotten},
		{Remove: (*store.Queries).SweepChanges, Before: forgotten},
	} {
		if err := s.Store.Sweep(ctx, lapsed); err != nil {
			return err
		}
	}
	return nil
}

// longestAccessTTL returns the longest life of any access token that can still be
// valid at a time, whatever process minted it.
func (s *Service) longestAccessTTL(ctx context.Context, now time.Time, every time.Duration) (longest time.Duration, err error) {
	err = s.Store.Write(ctx, func(q *store.Queries) error {
		if err := q.NoteAccessTTL(ctx, s.AccessTTL, s.Now()); err != nil {
			return err
		}
		longest, err = q.LongestAccessTTL(ctx, now, every+token.Leeway)
		return err
	})
	return longest, err
}
