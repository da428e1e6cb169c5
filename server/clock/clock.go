package clock

import (
	"sync"
	"time"
)

// Leeway is by how much a clock may be set back without notice: tokens and
// sessions then live longer by no more than that.
const Leeway = 30 * time.Second

// Clock notices when the wall clock has been set back, by the monotonic clock,
// which no step moves. Lifetimes are told by the wall clock, as other services
// tell them: what was stored before such a step would last longer by as much, and
// access tokens that have expired would count once more.
type Clock struct {
	now   func() time.Time // the wall clock
	start time.Time        // with a monotonic reading

	mu    sync.Mutex
	ahead time.Duration // of the wall clock before the monotonic one, when it was last in order,
	at    time.Duration // and when that was, by the monotonic one
}

// New returns a Clock that watches what now shows.
func New(now func() time.Time) *Clock {
	c := &Clock{now: now, start: time.Now()}
	c.ahead, c.at = c.wall(), time.Since(c.start)
	return c
}

// wall returns how far the wall clock has come since the start, its steps
// included.
func (c *Clock) wall() time.Duration { return c.now().Round(0).Sub(c.start.Round(0)) }

// SetBack returns by how much the wall clock has been set back since it was last
// in order, and how long ago that was; zero when it is in order now.
func (c *Clock) SetBack() (by, ago time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	// The process may have been stopped between one look and the next, and that
	// must not pass for a step: whichever look is in its favour counts.
	before := time.Since(c.start)
	wall := c.wall()
	after := time.Since(c.start)
	if by := c.ahead - (wall - before); by > Leeway {
		return by, after - c.at
	}
	c.ahead, c.at = wall-after, after
	return 0, 0
}

// Accept takes a step back of so much as the new order of things.
func (c *Clock) Accept(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead -= by
}
