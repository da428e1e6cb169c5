package auth

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"lychgate/server/problem"
	"lychgate/server/store"
)

const (
	// clockLeeway is by how much a clock may be set back without notice:
	// tokens and sessions then live longer by no more than that.
	clockLeeway = issuedInTheFuture
	// clockPatience is how long a request waits until a step of the clock has
	// been taken out of what is stored.
	clockPatience = time.Second

	eventClockSetBack = "clock_set_back"
)

// Clock notices when the wall clock has been set back, by the monotonic clock,
// which no step moves. Lives are told by the wall clock, as other services tell
// them: what was stored before such a step would last longer by as much, and
// access tokens that have expired would count once more. A step forward ends
// things early; it only must not sweep out anything while it may be taken back.
type Clock struct {
	now   func() time.Time // the wall clock
	start time.Time        // with a monotonic reading

	sweeps sweepClock

	taking  singleflight.Group // of a step, out of what is stored
	failing bool               // while that fails; used by who is taking alone

	mu    sync.Mutex
	ahead time.Duration // of the wall clock before the monotonic one, when it was last in order,
	at    time.Duration // and when that was, by the monotonic one
}

// NewClock returns a Clock that watches what now shows.
func NewClock(now func() time.Time) *Clock {
	c := &Clock{now: now, start: time.Now()}
	c.ahead, c.at = c.wall(), time.Since(c.start)
	return c
}

// wall returns how far the wall clock has come since the start, its steps
// included.
func (c *Clock) wall() time.Duration { return c.now().Round(0).Sub(c.start.Round(0)) }

// setBack returns by how much the wall clock has been set back since it was
// last in order, and how long ago that was; nothing when it is in order now.
func (c *Clock) setBack() (by, ago time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	// The process may have been stopped between one look and the next, and that
	// must not pass for a step: whichever look is in its favour counts.
	before := time.Since(c.start)
	wall := c.wall()
	after := time.Since(c.start)
	if by := c.ahead - (wall - before); by > clockLeeway {
		return by, after - c.at
	}
	c.ahead, c.at = wall-after, after
	return 0, 0
}

// accept makes a clock that was set back by so much one that is in order.
func (c *Clock) accept(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead -= by
}

// followClock returns once no step back of the clock is left in what is stored,
// or a problem of kind Unavailable: until then no token can be believed.
func (s *Service) followClock(ctx context.Context) error {
	if by, _ := s.Clock.setBack(); by == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, clockPatience)
	defer cancel()
	// All who notice wait for one, and it goes on when they wait no longer.
	done := s.Clock.taking.DoChan("", func() (any, error) { return nil, s.takeStepOut(context.WithoutCancel(ctx)) })
	select {
	case result := <-done:
		return result.Err
	case <-ctx.Done():
		return problem.Busy(time.Second, ctx.Err())
	}
}

// takeStepOut takes a step that this process has noticed out of what is stored,
// unless another process has done it.
func (s *Service) takeStepOut(ctx context.Context) error {
	by, ago := s.Clock.setBack()
	if by == 0 {
		return nil
	}
	err := s.setTimesBack(ctx, by, func(q *store.Queries, now time.Time) (time.Duration, error) {
		// Whoever has done it wrote so after the step, and that was after the
		// clock was last in order here; a second covers what the two clocks
		// drift apart. Later times are from before this step.
		done, err := q.Audited(ctx, eventClockSetBack, now.Add(-ago-time.Second), now)
		if done {
			return 0, err
		}
		return by, err
	})
	if err != nil {
		if !s.Clock.failing {
			s.Log.Error("the clock was set back, and what is stored cannot be adjusted yet; until it is, no token is believed", "by", by, "error", err)
		}
		s.Clock.failing = true
		return err
	}
	s.Clock.failing = false
	s.Clock.accept(by)
	return nil
}

// CheckClock takes out of what is stored what lies in the future, for the clock
// was set back while no process ran. By how much is known at least.
func (s *Service) CheckClock(ctx context.Context) error {
	inTheFuture := func(q *store.Queries, now time.Time) (time.Duration, error) {
		latest, err := q.LatestTime(ctx)
		if by := latest.Sub(now); by > clockLeeway {
			return by, err
		}
		return 0, err
	}
	if by, err := inTheFuture(s.Store.Read(), s.Now()); err != nil || by == 0 {
		return err
	}
	return s.setTimesBack(ctx, 0, inTheFuture)
}

// setTimesBack adjusts what is stored to a clock that was set back. How much of
// the step is still in it is measured in the same transaction, so that of
// several processes one takes it out. What was noted here and is not yet
// stored is earlier by so much in any case.
func (s *Service) setTimesBack(ctx context.Context, noted time.Duration, measure func(*store.Queries, time.Time) (time.Duration, error)) error {
	var (
		by   time.Duration
		seen map[string]time.Time
		keys []signingKey
	)
	err := s.Store.Rewrite(ctx, func(q *store.Queries) (err error) {
		now := s.Now()
		if by, err = measure(q, now); err != nil {
			return err
		}
		if by > 0 {
			if err := s.adjust(ctx, q, by, now); err != nil {
				return err
			}
		}
		seen = s.Use.takeAll()
		if err := saveUse(ctx, q, seen, noted); err != nil {
			return err
		}
		keys, err = s.Keys.read(ctx, q)
		return err
	})
	if err != nil {
		s.Use.putBack(seen)
		return err
	}
	s.Keys.replace(keys)
	if by > 0 {
		s.Log.Warn("the clock was set back: sessions go on and end when they would have, access tokens made before count no more", "by", by)
	}
	return nil
}

// adjust takes a step out of all that is stored, and leaves an audit line.
func (s *Service) adjust(ctx context.Context, q *store.Queries, by time.Duration, now time.Time) error {
	if err := q.SetTimesBack(ctx, by); err != nil {
		return err
	}
	if err := s.Keys.turnOver(ctx, q, now); err != nil {
		return err
	}
	return s.audit(ctx, q, eventClockSetBack, outcomeSuccess, "", "", Client{})
}

var errSetBack = errors.New("the clock has been set back")

// write is Store.Write for work that tells the time: it never runs between a
// step back of the clock and what is stored being adjusted to it, or its times
// would be adjusted too.
func (s *Service) write(ctx context.Context, work func(*store.Queries) error) error {
	for {
		if err := s.followClock(ctx); err != nil {
			return err
		}
		err := s.Store.Write(ctx, func(q *store.Queries) error {
			if by, _ := s.Clock.setBack(); by > 0 { // it had to wait for its turn
				return errSetBack
			}
			return work(q)
		})
		if !errors.Is(err, errSetBack) {
			return err
		}
	}
}
