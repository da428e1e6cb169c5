package store

import (
	"context"
	"iter"
	"time"

	"lychgate/server/database"
)

// StepRows is how many rows one step of a larger task touches: few enough that
// other writers do not notice.
const StepRows = 500

// mostRest bounds the rest after a step that waited for the disk.
const mostRest = time.Second

// InSteps repeats a step, each in its own transaction, until it reports that
// there is no more to do. Like all work passed to Write, a step may run more
// than once. On an error the steps already committed stay.
func (s *Store) InSteps(ctx context.Context, step func(*Queries) (more bool, err error)) error {
	return s.InStepsBy(ctx, s.Write, step)
}

// InStepsBy is InSteps with another function than Write.
func (s *Store) InStepsBy(ctx context.Context, write func(context.Context, func(*Queries) error) error, step func(*Queries) (more bool, err error)) error {
	more, took, err := oneStep(ctx, write, step)
	for more && err == nil {
		more, took, err = s.nextStep(ctx, took, write, step)
	}
	return err
}

// nextStep rests about as long as the previous step took, then runs the next
// one. Other processes only poll for the lock, and get it if it is free half of
// the time.
func (s *Store) nextStep(ctx context.Context, took time.Duration, write func(context.Context, func(*Queries) error) error, step func(*Queries) (bool, error)) (bool, time.Duration, error) {
	s.stepping.Lock()
	defer s.stepping.Unlock()
	rest := time.NewTimer(min(took, mostRest))
	defer rest.Stop()
	select {
	case <-rest.C:
		return oneStep(ctx, write, step)
	case <-ctx.Done():
		return false, 0, database.Fault("wait for the next step", ctx.Err())
	}
}

// oneStep runs a step and returns how long it blocked other writers.
func oneStep(ctx context.Context, write func(context.Context, func(*Queries) error) error, step func(*Queries) (bool, error)) (more bool, took time.Duration, err error) {
	var begun time.Time
	err = write(ctx, func(q *Queries) (err error) {
		begun = time.Now() // its turn has come
		more, err = step(q)
		return err
	})
	return more, time.Since(begun), err
}

// inPages reads a list page by page, so that its length does not matter. page
// returns up to StepRows items after the given one, which is nil at first.
func inPages[T any](page func(after *T) ([]T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var after *T
		for {
			items, err := page(after)
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, item := range items {
				if !yield(item, nil) {
					return
				}
			}
			if len(items) < StepRows {
				return
			}
			after = &items[len(items)-1]
		}
	}
}

// Sweep is what to sweep: Remove deletes up to limit rows older than Before.
type Sweep struct {
	Remove func(q *Queries, ctx context.Context, before time.Time, limit int) (int64, error)
	Before time.Time
}

// Sweep deletes expired rows in steps.
func (s *Store) Sweep(ctx context.Context, lapsed Sweep) error {
	return s.InSteps(ctx, func(q *Queries) (bool, error) {
		removed, err := lapsed.Remove(q, ctx, lapsed.Before, StepRows)
		return removed == StepRows, err
	})
}
