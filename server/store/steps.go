package store

import (
	"context"
	"sync"
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
	return s.steps.run(ctx, s.Write, step)
}

// steps makes the steps of all callers but the first ones take turns.
type steps struct {
	mu sync.Mutex // held during the rest before a step and the step; not for a first step
}

type writer func(ctx context.Context, work func(*Queries) error) error

func (s *steps) run(ctx context.Context, write writer, step func(*Queries) (bool, error)) error {
	more, took, err := oneStep(ctx, write, step)
	for more && err == nil {
		more, took, err = s.next(ctx, took, write, step)
	}
	return err
}

// next rests about as long as the previous step took, then runs the next one.
// Other processes only poll for the lock, and get it if it is free half of the
// time.
func (s *steps) next(ctx context.Context, took time.Duration, write writer, step func(*Queries) (bool, error)) (bool, time.Duration, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
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
func oneStep(ctx context.Context, write writer, step func(*Queries) (bool, error)) (more bool, took time.Duration, err error) {
	var begun time.Time
	err = write(ctx, func(q *Queries) (err error) {
		begun = time.Now() // its turn has come
		more, err = step(q)
		return err
	})
	return more, time.Since(begun), err
}

// Sweep deletes rows older than a time in steps; remove deletes up to limit of them.
func (s *Store) Sweep(ctx context.Context, before time.Time, remove func(q *Queries, ctx context.Context, before time.Time, limit int) (int64, error)) error {
	return s.InSteps(ctx, func(q *Queries) (bool, error) {
		removed, err := remove(q, ctx, before, StepRows)
		return removed == StepRows, err
	})
}
