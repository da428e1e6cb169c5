package limit

import (
	"testing"
	"testing/synctest"
	"time"
	"unsafe"
)

// stepped returns what time.Now would return after a step of the wall clock by
// whole seconds: the monotonic reading stays. Package time offers no way to
// build one.
func stepped(now time.Time, by time.Duration) time.Time {
	fields := (*struct {
		wall     uint64 // the seconds are bits 30 to 62 where there is a monotonic reading
		ext      int64
		location *time.Location
	})(unsafe.Pointer(&now))
	fields.wall += uint64(by/time.Second) << 30
	return now
}

func TestLimitsKeepMonotonicTime(t *testing.T) {
	base := time.Now() // before the bubble, whose times have no monotonic reading
	if late := stepped(base, time.Hour); late.Round(0).Sub(base.Round(0)) != time.Hour || late.Sub(base) != 0 {
		t.Fatalf("a step of an hour makes %v of %v", late, base)
	}
	const refill = 20 * time.Second
	for _, step := range []time.Duration{-24 * time.Hour, -time.Hour, time.Hour, 24 * time.Hour} {
		for _, reading := range []string{"with", "without"} {
			t.Run(step.String()+" "+reading+" a monotonic reading", func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					begun, steps := time.Now(), time.Duration(0)
					now := func() time.Time {
						now := stepped(base.Add(time.Since(begun)), steps)
						if reading == "without" {
							now = now.Round(0)
						}
						return now
					}
					limits := New(Rate{Attempts: 3, Per: time.Minute}, Rate{Attempts: 3, Per: time.Minute}, now)
					signIn := func() bool {
						attempt, err := limits.SignIn(t.Context(), "ada@example.com", "192.0.2.1", true)
						if err == nil {
							attempt.Failed()
						}
						return err == nil
					}
					try := map[string]func() bool{
						"sign-in":      signIn,
						"registration": func() bool { return limits.Register("192.0.2.1") == nil },
					}
					for what, passes := range try {
						for range 3 {
							passes()
						}
						if passes() {
							t.Fatalf("%s: a fourth one at once passes", what)
						}
					}
					steps = step
					for what, passes := range try {
						// Without a monotonic reading, a step forward is
						// elapsed time.
						if want := reading == "without" && step > 0; passes() != want {
							t.Errorf("%s: after the step the next one passes: %v", what, !want)
						}
					}
					if reading == "without" && step > 0 {
						return
					}
					if fullIn := limits.AccountFullAt("ada@example.com").Round(0).Sub(now().Round(0)); fullIn <= 0 || fullIn > time.Minute {
						t.Errorf("all attempts of the account come back in %v", fullIn)
					}
					for round := range 3 {
						time.Sleep(refill - time.Second)
						for what, passes := range try {
							if passes() {
								t.Errorf("%s, round %d: it passes before its time", what, round)
							}
						}
						time.Sleep(time.Second)
						for what, passes := range try {
							if !passes() {
								t.Errorf("%s, round %d: it is refused after its time", what, round)
							}
						}
					}
				})
			})
		}
	}
}

// Restored limits go by the wall clock: after a step back all attempts are used
// up, and come back as usual.
func TestRestoredLimitsAfterAStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limits := New(Rate{Attempts: 2, Per: time.Minute}, Rate{Attempts: 1, Per: time.Minute}, time.Now)
		limits.Restore("ada@example.com", time.Now().Add(24*time.Hour))
		passes := func() bool {
			attempt, err := limits.SignIn(t.Context(), "ada@example.com", "192.0.2.1", false)
			if err == nil {
				attempt.Cancel()
			}
			return err == nil
		}
		if passes() {
			t.Error("nothing is left, and it passes")
		}
		time.Sleep(6 * time.Second) // of 5 times 2 a minute
		if !passes() {
			t.Error("refused after the time of one attempt")
		}
	})
}
