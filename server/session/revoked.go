package session

import (
	"sync"
	"time"

	"lychgate/server/problem"
)

// Revoked remembers revoked sessions for as long as their access tokens may live,
// so that no request costs a query. It listens to the feed of changes.
type Revoked struct {
	keep time.Duration // longer than an access token lives

	mu sync.RWMutex
	at map[string]time.Time // by session: when it was heard of, by the monotonic clock
}

// NewRevoked returns a Revoked that remembers each session for the time keep.
func NewRevoked(keep time.Duration) *Revoked {
	return &Revoked{keep: keep, at: make(map[string]time.Time)}
}

// Heard notes sessions that were revoked.
func (r *Revoked) Heard(sessionIDs []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	for _, id := range sessionIDs {
		r.at[id] = now
	}
}

// Check returns problem.ErrUnauthenticated for a session that was revoked.
func (r *Revoked) Check(sessionID string) error {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if _, revoked := r.at[sessionID]; revoked {
		return problem.ErrUnauthenticated
	}
	return nil
}

// Forget drops sessions whose access tokens have all expired.
func (r *Revoked) Forget() {
	before := time.Now().Add(-r.keep)
	r.mu.Lock()
	defer r.mu.Unlock()
	for id, at := range r.at {
		if at.Before(before) {
			delete(r.at, id)
		}
	}
}
