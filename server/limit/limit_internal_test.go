package limit

import (
	"strconv"
	"testing"
	"time"
)

// Repeated refusals must not fill the memory.
func TestRefusedSignInsAreNotRemembered(t *testing.T) {
	now := time.Now()
	limits := New(Rate{Attempts: 2, Per: time.Minute}, Rate{Attempts: 1, Per: time.Minute}, func() time.Time { return now })
	for i := range 1000 {
		// Only the first ten pass: one address has five times two.
		attempt, err := limits.SignIn(t.Context(), "person"+strconv.Itoa(i)+"@example.com", "192.0.2.1", false)
		if (err == nil) != (i < 10) {
			t.Fatalf("attempt %d: %v", i, err)
		}
		if err == nil {
			attempt.Failed()
		}
	}
	if pairs, accounts := len(limits.pairs.byKey), len(limits.accounts.byKey); pairs > 10 || accounts > 10 {
		t.Errorf("%d pairs and %d accounts are remembered for 10 attempts that counted", pairs, accounts)
	}
	now = now.Add(time.Minute)
	limits.Sweep()
	if left := len(limits.pairs.byKey) + len(limits.accounts.byKey) + len(limits.addresses.byKey); left != 0 {
		t.Errorf("%d full buckets are kept", left)
	}
}
