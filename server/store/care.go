package store

import (
	"context"
	"errors"
)

// Care corrects stored times after the wall clock was set back; see package
// clock.
type Care interface {
	// Settle returns once stored times are correct, or a problem of kind
	// Unavailable.
	Settle(ctx context.Context) error
	// Unsettled reports whether stored times still need correcting.
	Unsettled() bool
}

// CareFor makes Write consult care before each transaction. Call it before the
// first one.
func (s *Store) CareFor(care Care) { s.care = care }

var errSetBack = errors.New("the clock has been set back")

// settled runs work in one transaction, never between a step back of the clock
// and the correction of stored times: that would change the times work stores
// too.
func (s *Store) settled(ctx context.Context, work func(*Queries) error) error {
	if s.care == nil {
		return s.transact(ctx, work)
	}
	for {
		if err := s.care.Settle(ctx); err != nil {
			return err
		}
		err := s.transact(ctx, func(q *Queries) error {
			if s.care.Unsettled() { // since Settle: it waited for its turn
				return errSetBack
			}
			return work(q)
		})
		if !errors.Is(err, errSetBack) {
			return err
		}
	}
}

// Adjust is WriteLong for the Care itself, which writes while times are
// unsettled.
func (s *Store) Adjust(ctx context.Context, work func(*Queries) error) error {
	return s.transact(ctx, work)
}

// AfterCommit calls f after the commit and before Write returns, and never
// without a commit.
func (q *Queries) AfterCommit(f func()) { *q.after = append(*q.after, f) }
