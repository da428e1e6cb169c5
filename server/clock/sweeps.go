package clock

import (
	"sync"
	"time"

	"lychgate/server/store"
)

// stepLasts is how long a step forward of the wall clock must last before the
// sweeps follow it.
const stepLasts = time.Hour

// Sweeps computes the time to sweep by: the wall clock, except that a step
// forward counts only once it has lasted, because what a briefly wrong clock
// removes does not come back. The state is stored, so that a process started
// during such a step notices it too. A start after downtime looks the same and
// also takes an hour to count.
type Sweeps struct {
	mu     sync.Mutex
	state  store.SweepClock // as of looked; zero: not restored yet
	looked time.Time        // monotonic
}

// Restore continues from the state stored by the previous process.
func (c *Sweeps) Restore(state store.SweepClock, monotonic time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.state, c.looked = state, monotonic
}

// Look returns the time to sweep by for these readings of both clocks; the zero
// time before Restore.
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
	case s.AheadAt.IsZero() || wall.Before(s.AheadAt): // the smallest of several steps counts
		s.AheadAt = wall
	}
	return *s
}
