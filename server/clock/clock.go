package clock

import (
	"sync"
	"time"
)

// Leeway is how far a clock may be set back without notice. Tokens and sessions
// then live longer by at most this much.
const Leeway = 30 * time.Second

// Clock detects that the wall clock was set back, by comparing it with the
// monotonic clock. Lifetimes are measured by the wall clock, as in other
// services, so a step back would prolong everything stored before it and make
// expired access tokens valid again.
type Clock struct {
	now   func() time.Time // the wall clock
	start time.Time        // with a monotonic reading

	mu    sync.Mutex
	ahead time.Duration // the wall clock's lead over the monotonic clock at the last good reading
	at    time.Duration // monotonic time of the last good reading
}

// New returns a Clock that watches the wall clock now.
func New(now func() time.Time) *Clock {
	c := &Clock{now: now, start: time.Now()}
	c.ahead, c.at = c.wall(), time.Since(c.start)
	return c
}

// wall returns the wall-clock time elapsed since the start, steps included.
func (c *Clock) wall() time.Duration { return c.now().Round(0).Sub(c.start.Round(0)) }

// SetBack returns how far the wall clock has been set back and how long ago it
// was last right; both are zero while it is right.
func (c *Clock) SetBack() (by, ago time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	// The process may have been suspended between the two readings, which must
	// not look like a step: use the reading that gives the smaller difference.
	before := time.Since(c.start)
	wall := c.wall()
	after := time.Since(c.start)
	if by := c.ahead - (wall - before); by > Leeway {
		return by, after - c.at
	}
	c.ahead, c.at = wall-after, after
	return 0, 0
}

// Accept makes a step back of by the new baseline.
func (c *Clock) Accept(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead -= by
}
