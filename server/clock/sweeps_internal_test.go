package clock

import (
	"testing"
	"time"

	"lychgate/server/store"
)

// clocks are the two clocks of a process and its sweep time.
type clocks struct {
	t               *testing.T
	wall, monotonic time.Time
	sweeps          *Sweeps
}

func newClocks(t *testing.T) *clocks {
	now := time.Date(2026, time.February, 3, 4, 5, 6, 0, time.UTC)
	c := &clocks{t: t, wall: now, monotonic: now, sweeps: &Sweeps{}}
	c.sweeps.Restore(store.SweepClock{At: now}, c.monotonic)
	return c
}

// lives lets time pass, with a reading every second.
func (c *clocks) lives(d time.Duration) {
	for range d / time.Second {
		c.wall, c.monotonic = c.wall.Add(time.Second), c.monotonic.Add(time.Second)
		c.sweeps.Look(c.wall, c.monotonic)
	}
}

// restarts starts a new process after some downtime; it continues from the
// stored state.
func (c *clocks) restarts(down time.Duration) {
	state := c.sweeps.Look(c.wall, c.monotonic)
	c.wall = c.wall.Add(down)
	c.monotonic = time.Unix(0, 0) // a new monotonic clock
	c.sweeps = &Sweeps{}
	if at := c.sweeps.Look(c.wall, c.monotonic).At; !at.IsZero() {
		c.t.Errorf("the sweep time is known before Restore: %v", at)
	}
	c.sweeps.Restore(state, c.monotonic)
}

// wants fails the test unless the sweep time is behind the wall clock by this
// much.
func (c *clocks) wants(what string, behind time.Duration) {
	c.t.Helper()
	if got := c.wall.Sub(c.sweeps.Look(c.wall, c.monotonic).At); got != behind {
		c.t.Errorf("%s: sweep time is %v behind the clock, want %v", what, got, behind)
	}
}

const year = 365 * 24 * time.Hour

func TestSweepsFollowTheClock(t *testing.T) {
	c := newClocks(t)
	c.lives(3 * time.Hour)
	c.wants("as time passes", 0)
	c.wall = c.wall.Add(Leeway)
	c.wants("a little ahead", 0)
	c.wall = c.wall.Add(-24 * time.Hour)
	c.wants("set back", 0)
}

func TestSweepsFollowAStepThatLasts(t *testing.T) {
	c := newClocks(t)
	c.wall = c.wall.Add(year)
	c.lives(stepLasts - time.Second)
	c.wants("before it has lasted", year)
	c.lives(2 * time.Second)
	c.wants("once it has lasted", 0)
}

func TestSweepsDoNotFollowAMomentaryStep(t *testing.T) {
	c := newClocks(t)
	for round := range 5 { // together they last longer than stepLasts
		c.wall = c.wall.Add(year)
		c.lives(stepLasts / 2)
		c.wants("during the step", year)
		c.wall = c.wall.Add(-year)
		c.lives(time.Duration(round) * time.Minute)
		c.wants("after it", 0)
	}
	// Of a step within a step, only the smaller may have lasted.
	c.wall = c.wall.Add(24 * time.Hour)
	c.lives(stepLasts / 2)
	c.wall = c.wall.Add(year)
	c.lives(stepLasts/2 + 2*time.Second)
	c.wants("a step within a step", year)
}

func TestSweepsOfAProcessThatStartsDuringAStep(t *testing.T) {
	c := newClocks(t)
	c.lives(time.Minute)
	c.wall = c.wall.Add(year)
	c.restarts(0)
	c.lives(time.Minute)
	c.wants("started during the step", year)
	c.restarts(0)
	c.wants("and started again", year)
	c.wall = c.wall.Add(-year)
	c.wants("after it", 0)
}

// Two steps do not add up when the clock was right in between, and ahead of the
// sweep time only because no process ran.
func TestSweepsOfAProcessBetweenSteps(t *testing.T) {
	c := newClocks(t)
	c.wall = c.wall.Add(year)
	c.lives(25 * time.Minute)
	c.restarts(50*time.Minute - year)
	c.lives(time.Minute)
	c.wall = c.wall.Add(year)
	c.lives(35 * time.Minute)
	c.wants("during the second step", year)
}

// A server that rarely runs for an hour keeps sweeping.
func TestSweepsOfAServerThatIsSeldomUp(t *testing.T) {
	c := newClocks(t)
	const up, down = 10 * time.Minute, 50 * time.Minute
	for range 100 {
		c.restarts(down)
		c.lives(up)
		if behind := c.wall.Sub(c.sweeps.Look(c.wall, c.monotonic).At); behind > 13*time.Hour {
			t.Fatalf("sweep time is %v behind the clock", behind)
		}
	}
	// A momentary step still does not count.
	c.wall = c.wall.Add(year)
	c.restarts(0)
	c.lives(stepLasts / 2)
	c.wall = c.wall.Add(-year)
	for range 10 {
		c.restarts(down)
		c.lives(up)
		if behind := c.wall.Sub(c.sweeps.Look(c.wall, c.monotonic).At); behind < 0 {
			t.Fatalf("sweep time is %v ahead of the clock", -behind)
		}
	}
}
