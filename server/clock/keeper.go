package clock

import (
	"context"
	"log/slog"
	"time"

	"golang.org/x/sync/singleflight"

	"lychgate/server/audit"
	"lychgate/server/problem"
	"lychgate/server/store"
)

// patience is how long a request waits for stored times to be corrected.
const patience = time.Second

// Keeper corrects stored times after the wall clock was set back. All exported
// fields must be set.
type Keeper struct {
	Clock  *Clock
	Sweeps *Sweeps
	Store  *store.Store
	// ReplaceKeys creates a new signing key and retires all earlier ones, so
	// that expired access tokens do not become valid again.
	ReplaceKeys func(ctx context.Context, q *store.Queries, now time.Time) error
	// Reread brings what is in memory of the stored keys and times up to date.
	Reread func(ctx context.Context) error
	// SaveLastSeen stores when sessions were last seen, moved back by earlier.
	SaveLastSeen func(ctx context.Context, q *store.Queries, earlier time.Duration) error

	Now func() time.Time
	Log *slog.Logger

	taking  singleflight.Group // one correction at a time
	failing bool               // the last correction failed; used only inside taking
}

// Unsettled reports whether stored times still need correcting.
func (k *Keeper) Unsettled() bool {
	by, _ := k.Clock.SetBack()
	return by > 0
}

// Settle returns once stored times are corrected. Until then no token can be
// trusted, and on timeout it returns a problem of kind Unavailable.
func (k *Keeper) Settle(ctx context.Context) error {
	if !k.Unsettled() {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	// All callers wait for the same correction, which continues when they give
	// up.
	done := k.taking.DoChan("", func() (any, error) { return nil, k.takeStepOut(context.WithoutCancel(ctx)) })
	select {
	case result := <-done:
		return result.Err
	case <-ctx.Done():
		return problem.Busy(time.Second, ctx.Err())
	}
}

// takeStepOut corrects stored times for a step that this process detected,
// unless another process has done so.
func (k *Keeper) takeStepOut(ctx context.Context) error {
	by, ago := k.Clock.SetBack()
	if by == 0 {
		return nil
	}
	err := k.setTimesBack(ctx, by, func(q *store.Queries, now time.Time) (time.Duration, error) {
		// Another process writes its audit line after the step, and the step
		// came after this clock was last right. The extra second covers drift
		// between the two clocks. Lines with later times date from before the
		// step.
		done, err := q.Audited(ctx, string(audit.ClockSetBack), now.Add(-ago-time.Second), now)
		if done {
			return 0, err
		}
		return by, err
	})
	if err != nil {
		if !k.failing {
			k.Log.Error("the clock was set back and stored times cannot be corrected yet; no token is accepted until they are", "byMs", by.Milliseconds(), "error", err)
		}
		k.failing = true
		return err
	}
	k.failing = false
	k.Clock.Accept(by)
	return nil
}

// Check corrects stored times that lie in the future because the clock was set
// back while no process ran. The latest stored time gives the least size of the
// step.
func (k *Keeper) Check(ctx context.Context) error {
	inTheFuture := func(q *store.Queries, now time.Time) (time.Duration, error) {
		latest, err := q.LatestTime(ctx)
		if by := latest.Sub(now); by > Leeway {
			return by, err
		}
		return 0, err
	}
	if by, err := inTheFuture(k.Store.Read(), k.Now()); err != nil || by == 0 {
		return err
	}
	return k.setTimesBack(ctx, 0, inTheFuture)
}

// setTimesBack moves stored times back. measure runs in the same transaction,
// so that only one of several processes makes the correction. Times noted in
// memory and not yet stored are moved back by noted in any case.
func (k *Keeper) setTimesBack(ctx context.Context, noted time.Duration, measure func(*store.Queries, time.Time) (time.Duration, error)) error {
	var by time.Duration
	err := k.Store.Adjust(ctx, func(q *store.Queries) (err error) {
		now := k.Now()
		if by, err = measure(q, now); err != nil {
			return err
		}
		if by > 0 {
			if err := k.adjust(ctx, q, by, now); err != nil {
				return err
			}
		}
		return k.SaveLastSeen(ctx, q, noted)
	})
	if err == nil {
		err = k.Reread(ctx)
	}
	if err != nil {
		return err
	}
	if by > 0 {
		k.Log.Warn("the clock was set back: sessions go on with unchanged lifetimes, earlier access tokens are no longer valid", "byMs", by.Milliseconds())
	}
	return nil
}

// adjust moves all stored times back and writes an audit line.
func (k *Keeper) adjust(ctx context.Context, q *store.Queries, by time.Duration, now time.Time) error {
	if err := q.SetTimesBack(ctx, by); err != nil {
		return err
	}
	if err := k.ReplaceKeys(ctx, q, now); err != nil {
		return err
	}
	return audit.Write(ctx, q, now, audit.Line{Event: audit.ClockSetBack, By: audit.By{Actor: audit.Server}})
}

// SweepTime returns the time to sweep by, and stores it.
func (k *Keeper) SweepTime(ctx context.Context) (now time.Time, err error) {
	err = k.Store.Write(ctx, func(q *store.Queries) error {
		state := k.Look()
		if state.At.IsZero() {
			if state, err = k.restoreSweeps(ctx, q); err != nil {
				return err
			}
		}
		now = state.At
		return q.SaveSweepClock(ctx, state)
	})
	return now, err
}

// Look advances the time to sweep by from both clocks.
func (k *Keeper) Look() store.SweepClock { return k.Sweeps.Look(k.Now(), time.Now()) }

// restoreSweeps continues from the sweep time of the previous process or,
// without one, from the latest stored record.
func (k *Keeper) restoreSweeps(ctx context.Context, q *store.Queries) (store.SweepClock, error) {
	state, err := q.SweepClock(ctx)
	if err == nil && state.At.IsZero() {
		state.At, err = q.LatestRecord(ctx)
	}
	if err != nil {
		return store.SweepClock{}, err
	}
	k.Sweeps.Restore(state, time.Now())
	return k.Look(), nil
}
