package store

import (
	"context"
	"iter"
	"time"
)

// StepRows is how many rows one step of a larger piece of work touches: few
// enough that whoever writes meanwhile does not notice.
const StepRows = 500

// mostRest bounds the rest after a step that had to wait for the disk.
const mostRest = time.Second

// InSteps repeats a step, each time in a transaction of its own, for as long
// as it returns that there is more to do. What the steps before the one that
// fails have done stays.
func (s *Store) InSteps(ctx context.Context, step func(*Queries) (more bool, err error)) error {
	return Steps(ctx, s.Write, step)
}

// Steps is InSteps by another way to write than Store.Write.
func Steps(ctx context.Context, write func(context.Context, func(*Queries) error) error, step func(*Queries) (more bool, err error)) error {
	for {
		var (
			more  bool
			begun time.Time
		)
		err := write(ctx, func(q *Queries) (err error) {
			begun = time.Now() // once it was this one's turn
			more, err = step(q)
			return err
		})
		if err != nil || !more {
			return err
		}
		// Other processes only try for the lock every now and then: they get it
		// when it is free for about as long as it is held.
		rest := time.NewTimer(min(time.Since(begun), mostRest))
		select {
		case <-rest.C:
		case <-ctx.Done():
			rest.Stop()
			return failed("go on with the next step", ctx.Err())
		}
	}
}

// inPages reads a list page by page, so that its length does not matter: page
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
