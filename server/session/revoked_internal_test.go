package session

import (
	"errors"
	"testing"
	"time"

	"lychgate/server/problem"
)

// A session that was revoked is remembered for as long as an access token of it
// may live.
func TestRevokedSessionsAreRemembered(t *testing.T) {
	const ttl = time.Hour
	revoked := NewRevoked(ttl)
	revoked.Heard([]string{"one"})
	for range 3 {
		revoked.Age(ttl / 4)
		if err := revoked.Check("one"); !errors.Is(err, problem.ErrUnauthenticated) {
			t.Fatalf("a revoked session is forgotten: %v", err)
		}
	}
	revoked.Heard([]string{"one"}) // heard again: the time counts from now
	for range 3 {
		revoked.Age(ttl / 4)
	}
	if err := revoked.Check("one"); !errors.Is(err, problem.ErrUnauthenticated) {
		t.Errorf("a session that was heard of again is forgotten: %v", err)
	}
	revoked.Age(ttl)
	if len(revoked.at) != 0 {
		t.Errorf("%d sessions are kept for good", len(revoked.at))
	}
	if err := revoked.Check("other"); err != nil {
		t.Errorf("another session: %v", err)
	}
}
