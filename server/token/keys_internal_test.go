package token

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"testing"
	"time"

	"lychgate/server/access"
)

// A token of a retired key is refused, even if its signature was checked
// before. It still identifies the session to revoke.
func TestTokensOfARetiredKey(t *testing.T) {
	now := time.Date(2026, time.February, 3, 4, 5, 6, 0, time.UTC)
	clock := func() time.Time { return now }
	key := func(id string, createdAt time.Time) signingKey {
		private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return signingKey{id, private, createdAt}
	}
	old := key("old", now.Add(-time.Hour))
	keys := &Keys{ttl: time.Hour, now: clock}
	keys.list.Store(&[]signingKey{old})
	tokens := NewAccess(keys, "http://localhost:8080", time.Hour, clock)

	young := key("young", now)
	now = now.Add(time.Hour) // an attacker has the old key, and signs just before it retires
	token, _, err := tokens.Mint(access.Identity{UserID: "user", SessionID: "session"}, now.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	keys.list.Store(&[]signingKey{young, old})
	if _, err := tokens.Verify(token); err != nil {
		t.Errorf("while the old key verifies: %v", err)
	}
	now = now.Add(SettleTime)
	if identity, err := tokens.Verify(token); err == nil {
		t.Errorf("after it retired: %+v", identity)
	}
	if session := tokens.SessionOf(token); session != "session" {
		t.Errorf("session %q", session)
	}
}
