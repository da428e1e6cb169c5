package store

import (
	"context"
	"errors"
)

// Care keeps what is stored right while the wall clock is set back; see package
// clock.
type Care interface {
	// Settle returns once no step back of the clock is left in what is stored, or
	// a problem of kind Unavailable.
	Settle(ctx context.Context) error
	// Unsettled reports whether one is left.
	Unsettled() bool
}

// CareFor has Write ask a Care before each transaction. Call it before the first
// one.
func (s *Store) CareFor(care Care) { s.care = care }

var errSetBack = errors.New("the clock has been set back")

// settled runs work in one transaction, never between a step back of the clock and
// what is stored being adjusted to it: the times that work stores would be adjusted
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
			if s.care.Unsettled() { // it had to wait for its turn
				return errSetBack
			}
			return work(q)
		})
		if !errors.Is(err, errSetBack) {
			return err
		}
	}
}

// Adjust is WriteLong for the Care itself, which must write while the clock is not
// settled.
func (s *Store) Adjust(ctx context.Context, work func(*Queries) error) error {
	return s.transact(ctx, work)
}

// AfterCommit has f called once the transaction is committed, before Write
// returns; never where it is not.
func (q *Queries) AfterCommit(f func()) { *q.after = append(*q.after, f) }
