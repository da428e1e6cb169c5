package clock

import (
	"testing"
	"testing/synctest"
	"time"
)

// The synctest bubble's clock is the monotonic clock; the wall clock differs
// from it by the steps so far.

func TestStepsBackAreNoticed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var steps time.Duration
		clock := New(func() time.Time { return time.Now().Add(steps).Round(0) })
		for _, test := range []struct {
			what       string
			step, wait time.Duration
			want       time.Duration
		}{
			{"nothing", 0, time.Minute, 0},
			{"within the leeway", -Leeway, time.Minute, 0},
			{"within it again", -Leeway, time.Minute, 0},
			{"forward", time.Hour, time.Minute, 0},
			{"back from there", -time.Hour, 0, time.Hour},
			{"more than the leeway", -Leeway - time.Millisecond, time.Hour, Leeway + time.Millisecond},
			{"by a day", -24 * time.Hour, time.Second, 24 * time.Hour},
			{"forward by a day", 24 * time.Hour, 0, 0},
		} {
			steps += test.step
			time.Sleep(test.wait)
			by, ago := clock.SetBack()
			if by != test.want || by > 0 && ago != test.wait {
				t.Errorf("%s: set back by %v, in order %v ago, want %v and %v", test.what, by, ago, test.want, test.wait)
			}
			if again, _ := clock.SetBack(); again != by {
				t.Errorf("%s: second reading: %v, want still %v", test.what, again, by)
			}
			clock.Accept(by)
			if left, _ := clock.SetBack(); left != 0 {
				t.Errorf("%s: still set back by %v after Accept", test.what, left)
			}
		}
	})
}

// Steps add up until they are accepted.
func TestStepsBackAddUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var steps time.Duration
		clock := New(func() time.Time { return time.Now().Add(steps).Round(0) })
		for _, step := range []struct{ by, want time.Duration }{
			{-time.Hour, time.Hour}, {-time.Second, time.Hour + time.Second}, {30 * time.Minute, 30*time.Minute + time.Second},
		} {
			steps += step.by
			time.Sleep(time.Minute)
			if by, _ := clock.SetBack(); by != step.want {
				t.Errorf("after a step by %v: set back by %v, want %v", step.by, by, step.want)
			}
		}
		// Only the first step was corrected meanwhile.
		clock.Accept(time.Hour)
		if by, _ := clock.SetBack(); by != 0 {
			t.Errorf("set back by %v, although the clock is ahead", by)
		}
	})
}

// A suspended process has seen no step, even when suspended between reading the
// two clocks.
func TestAStopIsNoStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var before, after time.Duration
		clock := New(func() time.Time {
			time.Sleep(before)
			now := time.Now().Round(0)
			time.Sleep(after)
			return now
		})
		for _, stop := range [][2]time.Duration{{0, time.Hour}, {0, 0}, {time.Hour, 0}, {0, 0}, {time.Hour, time.Hour}, {0, 0}} {
			before, after = stop[0], stop[1]
			if by, _ := clock.SetBack(); by != 0 {
				t.Errorf("stopped for %v before the look and %v after it: set back by %v", before, after, by)
			}
		}
	})
}
