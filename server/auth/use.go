package auth

import (
	"sync"
	"time"

	"lychgate/server/store"
)

// Use remembers when sessions were last in use, between the times that this
// is written down, so that no request costs a write.
type Use struct {
	mu   sync.Mutex
	seen map[string]time.Time
}

// NewUse returns an empty Use.
func NewUse() *Use { return &Use{seen: make(map[string]time.Time)} }

func (u *Use) note(sessionID string, at time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.seen[sessionID] = at
}

// since returns when a session was last in use, given when it is stored to be.
func (u *Use) since(session store.Session) time.Time {
	u.mu.Lock()
	defer u.mu.Unlock()
	if at := u.seen[session.ID]; at.After(session.LastSeenAt) {
		return at
	}
	return session.LastSeenAt
}

// putBack notes what take handed over, but for what is newer by now.
func (u *Use) putBack(seen map[string]time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for id, at := range seen {
		if at.After(u.seen[id]) {
			u.seen[id] = at
		}
	}
}

func (u *Use) size() int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return len(u.seen)
}

// takeAll hands over what was noted since it was last taken.
func (u *Use) takeAll() map[string]time.Time {
	u.mu.Lock()
	defer u.mu.Unlock()
	seen := u.seen
	u.seen = make(map[string]time.Time)
	return seen
}

// take hands over what was noted of up to so many sessions.
func (u *Use) take(most int) map[string]time.Time {
	u.mu.Lock()
	defer u.mu.Unlock()
	seen := make(map[string]time.Time)
	for id, at := range u.seen {
		if len(seen) == most {
			break
		}
		seen[id] = at
		delete(u.seen, id)
	}
	return seen
}
