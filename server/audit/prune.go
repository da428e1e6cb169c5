package audit

import (
	"context"
	"time"

	"lychgate/server/store"
)

const (
	// mostLines is how many lines are kept of an account, of successes and of
	// failures each, so that neither pushes out the other.
	mostLines = 10_000
	// mostUnknownLines is how many are kept of failures with accounts that do not
	// exist.
	mostUnknownLines = 100_000
	// countAtOnce is how many new lines one query counts.
	countAtOnce = 10_000
)

// Prune removes the lines from before a time, and the oldest lines of accounts
// that have too many. It works in steps.
func Prune(ctx context.Context, db *store.Store, before time.Time) error {
	var place store.AuditTime
	err := db.InSteps(ctx, func(q *store.Queries) (bool, error) {
		next, more, err := q.PruneAudit(ctx, before, place, store.StepRows)
		q.AfterCommit(func() { place = next })
		return more, err
	})
	if err != nil {
		return err
	}
	return trimAll(ctx, db)
}

// trimAll looks only at accounts that have new lines since it last looked.
func trimAll(ctx context.Context, db *store.Store) error {
	read := db.Read()
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
			if err := trim(ctx, db, count); err != nil {
				return err
			}
		}
		if len(counts) == 0 {
			return nil
		}
		if err := db.Write(ctx, func(q *store.Queries) error { return q.SaveAuditCounted(ctx, seq) }); err != nil {
			return err
		}
	}
	return nil
}

func trim(ctx context.Context, db *store.Store, count store.AuditCount) error {
	keep := mostLines
	if count.UserID == "" && count.Outcome == Failure {
		keep = mostUnknownLines
	}
	surplus, err := db.Read().Surplus(ctx, count, keep)
	if err != nil || surplus == 0 {
		return err
	}
	var seq int64
	return db.InSteps(ctx, func(q *store.Queries) (bool, error) {
		next, more, err := q.TrimAudit(ctx, count, seq, surplus, store.StepRows)
		q.AfterCommit(func() { seq = next })
		return more, err
	})
}
