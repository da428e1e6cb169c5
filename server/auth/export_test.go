package auth

import "time"

// Age makes all that is remembered of ended sessions older, and forgets what is
// old enough.
func (e *Endings) Age(by time.Duration) {
	e.mu.Lock()
	for id, at := range e.ended {
		e.ended[id] = at.Add(-by)
	}
	e.mu.Unlock()
	e.forget()
}
