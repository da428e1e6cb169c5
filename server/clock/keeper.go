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

// patience is how long a request waits until a step of the clock has been taken
// out of what is stored.
const patience = time.Second

// Keeper takes steps back of the wall clock out of what is stored. All fields but
// the unexported ones must be set.
type Keeper struct {
	Clock  *Clock
	Sweeps *Sweeps
	Store  *store.Store
	// ReplaceKeys makes a signing key that signs from now on, while none of those
	// before verifies any more: tokens that have expired must not count again.
	ReplaceKeys func(ctx context.Context, q *store.Queries, now time.Time) error
	// ReadKeys makes the signing keys known that are stored by now.
	ReadKeys func(ctx context.Context) error
	// SaveLastSeen stores when sessions were last seen, so much earlier than noted.
	SaveLastSeen func(ctx context.Context, q *store.Queries, earlier time.Duration) error

	Now func() time.Time
	Log *slog.Logger

	taking  singleflight.Group // of a step, out of what is stored
	failing bool               // while that fails; used by who is taking alone
}

// Unsettled reports whether a step back is still in what is stored.
func (k *Keeper) Unsettled() bool {
	by, _ := k.Clock.SetBack()
	return by > 0
}

// Settle returns once no step back of the clock is left in what is stored, or a
// problem of kind Unavailable: until then no token can be believed.
func (k *Keeper) Settle(ctx context.Context) error {
	if !k.Unsettled() {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	// All who notice wait for one, and it goes on when they wait no longer.
	done := k.taking.DoChan("", func() (any, error) { return nil, k.takeStepOut(context.WithoutCancel(ctx)) })
	select {
	case result := <-done:
		return result.Err
	case <-ctx.Done():
		return problem.Busy(time.Second, ctx.Err())
	}
}

// takeStepOut takes a step that this process has noticed out of what is stored,
// unless another process has done it.
func (k *Keeper) takeStepOut(ctx context.Context) error {
	by, ago := k.Clock.SetBack()
	if by == 0 {
		return nil
	}
	err := k.setTimesBack(ctx, by, func(q *store.Queries, now time.Time) (time.Duration, error) {
		// Whoever has done it wrote so after the step, and that was after the
		// clock was last in order here; a second covers what the two clocks
		// drift apart. Later times are from before this step.
		done, err := q.Audited(ctx, string(audit.ClockSetBack), now.Add(-ago-time.Second), now)
		if done {
			return 0, err
		}
		return by, err
	})
	if err != nil {
		if !k.failing {
			k.Log.Error("the clock was set back, and what is stored cannot be adjusted yet; until it is, no token is believed", "by", by, "error", err)
		}
		k.failing = true
		return err
	}
	k.failing = false
	k.Clock.Accept(by)
	return nil
}

// Check takes out of what is stored what lies in the future, for the clock was
// set back while no process ran: by as much as is known at least.
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

// setTimesBack adjusts what is stored to a clock that was set back. How much of
// the step is still in it is measured in the same transaction, so that only one of
// several processes takes it out. What was noted here and is not yet stored is
// earlier by so much in any case.
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
		err = k.ReadKeys(ctx)
	}
	if err != nil {
		return err
	}
	if by > 0 {
		k.Log.Warn("the clock was set back: sessions go on and end when they would have, access tokens made before count no more", "by", by)
	}
	return nil
}

// adjust takes a step out of all that is stored, and leaves an audit line.
func (k *Keeper) adjust(ctx context.Context, q *store.Queries, by time.Duration, now time.Time) error {
	if err := q.SetTimesBack(ctx, by); err != nil {
		return err
	}
	if err := k.ReplaceKeys(ctx, q, now); err != nil {
		return err
	}
	return audit.Write(ctx, q, now, audit.Line{Event: audit.ClockSetBack, By: audit.By{Actor: audit.Server}})
}

// SweepTime returns the time to sweep by, and writes it down.
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

// Look keeps the time to sweep by in step with both clocks.
func (k *Keeper) Look() store.SweepClock { return k.Sweeps.Look(k.Now(), time.Now()) }

// restoreSweeps goes on from the time that the process before swept by. Where none
// did, it was not later than what was stored last.
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
