package session

import (
	"sync"
	"time"
)

// outagePause is how long nobody tries to rotate a session in passing after the
// store has not taken it.
const outagePause = 2 * time.Second

// outage remembers that the store takes no writes, so that not every request
// waits to find it out. The zero value remembers nothing.
type outage struct {
	mu      sync.Mutex
	on      bool
	retryAt time.Time // by the monotonic clock
}

// lasts reports whether the store is still believed to take no writes. Once in
// a while it says no to one caller, who tries.
func (o *outage) lasts() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.on {
		return false
	}
	now := time.Now()
	if now.Before(o.retryAt) {
		return true
	}
	o.retryAt = now.Add(outagePause)
	return false
}

// note takes down how a write came out, and reports whether that is news.
func (o *outage) note(failed bool) (news bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	news = failed != o.on
	o.on, o.retryAt = failed, time.Now().Add(outagePause)
	return news
}
