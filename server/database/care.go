package database

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

// CareFor makes Transact consult care before each transaction. Call it before the
// first one.
func (db *DB) CareFor(care Care) { db.care = care }

var errSetBack = errors.New("the clock has been set back")

// Transact runs work in one transaction and commits it when work returns nil. It
// returns an error of work as is. It never runs between a step back of the clock
// and the correction of stored times: that would change the times work stores too.
func (db *DB) Transact(ctx context.Context, work func(Runner) error) error {
	if db.care == nil {
		return db.TransactUnsettled(ctx, work)
	}
	for {
		if err := db.care.Settle(ctx); err != nil {
			return err
		}
		err := db.TransactUnsettled(ctx, func(run Runner) error {
			if db.care.Unsettled() { // since Settle: it waited for its turn
				return errSetBack
			}
			return work(run)
		})
		if !errors.Is(err, errSetBack) {
			return err
		}
	}
}
