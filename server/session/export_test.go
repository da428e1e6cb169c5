package session

import "time"

// Age makes all that is remembered of revoked sessions older, and forgets what is
// old enough.
func (r *Revoked) Age(by time.Duration) {
	r.mu.Lock()
	for id, at := range r.at {
		r.at[id] = at.Add(-by)
	}
	r.mu.Unlock()
	r.Forget()
}
