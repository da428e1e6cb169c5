package clock

import (
	"sync"
	"time"

	"lychgate/server/store"
)

// stepLasts is how long a step forward of the wall clock must have lasted before
// anything is swept by it.
const stepLasts = time.Hour

// Sweeps tells the time to sweep by. It is the wall clock's, but for a step
// forward of that one, which counts once it has lasted: what is removed by a
// clock that was wrong for a moment does not come back. It is written down, so
// that a start during such a step is noticed too; where the clock shows a later
// time at a start because no process ran, that takes an hour to count as well.
type Sweeps struct {
	mu     sync.Mutex
	state  store.SweepClock // as of looked; its zero value knows no time yet
	looked time.Time        // by the monotonic clock
}

// Restore begins with what was written down by the process before.
func (c *Sweeps) Restore(state store.SweepClock, monotonic time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.state, c.looked = state, monotonic
}

// Look returns the time to sweep by, given what both clocks show; it shows the
// zero time before Restore.
func (c *Sweeps) Look(wall, monotonic time.Time) store.SweepClock {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.looked.IsZero() {
		return store.SweepClock{}
	}
	lived := max(0, monotonic.Sub(c.looked))
	c.looked = monotonic
	s := &c.state
	s.At = s.At.Add(lived)
	if !s.AheadAt.IsZero() {
		s.AheadAt, s.AheadFor = s.AheadAt.Add(lived), s.AheadFor+lived
	}
	if s.AheadFor >= stepLasts {
		s.At, s.AheadAt, s.AheadFor = s.AheadAt, time.Time{}, 0
	}
	switch {
	case !wall.After(s.At.Add(Leeway)):
		*s = store.SweepClock{At: wall}
	case s.AheadAt.IsZero() || wall.Before(s.AheadAt): // so that only the least of several steps counts
		s.AheadAt = wall
	}
	return *s
}
