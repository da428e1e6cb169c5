package servertest

import (
	"testing"
	"time"
)

// Eventually waits for a condition, and fails the test if it does not come true
// in time.
func Eventually(t testing.TB, what string, within time.Duration, condition func() bool) {
	t.Helper()
	for begun := time.Now(); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Since(begun) > within {
			t.Fatalf("after %v still not: %s", within, what)
		}
	}
}
