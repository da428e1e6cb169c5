package servertest

import (
	"testing"
	"time"
)

// Patience is how long tests wait for what should happen at once. On a busy
// machine that can take long, and only a test that fails waits for all of it.
const Patience = 2 * time.Minute

// Eventually waits for a condition, and fails the test if it does not come true.
func Eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	for begun := time.Now(); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Since(begun) > Patience {
			t.Fatalf("after %v still not: %s", Patience, what)
		}
	}
}
