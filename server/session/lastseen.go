package session

import (
	"context"
	"sync"
	"time"

	"lychgate/server/store"
)

// LastSeen remembers when sessions were last seen, until that is stored, so that no
// request costs a write.
type LastSeen struct {
	mu sync.Mutex
	at map[string]time.Time
}

// NewLastSeen returns an empty LastSeen.
func NewLastSeen() *LastSeen { return &LastSeen{at: make(map[string]time.Time)} }

func (l *LastSeen) note(sessionID string, at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.at[sessionID] = at
}

// of returns when a session was last seen, given what is stored of it.
func (l *LastSeen) of(session store.Session) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	if at := l.at[session.ID]; at.After(session.LastSeenAt) {
		return at
	}
	return session.LastSeenAt
}

// SaveAll stores everything that was noted, inside a transaction, each time earlier
// by the given duration.
func (l *LastSeen) SaveAll(ctx context.Context, q *store.Queries, earlier time.Duration) error {
	return l.save(ctx, q, l.pick(l.size()), earlier)
}

// Save stores what was noted, in steps. Nothing is lost when it fails.
func (l *LastSeen) Save(ctx context.Context, db *store.Store) error {
	left := l.size()
	if left == 0 {
		return nil
	}
	return db.InSteps(ctx, func(q *store.Queries) (bool, error) {
		picked := l.pick(store.StepRows)
		q.AfterCommit(func() { left -= len(picked) })
		return left > len(picked), l.save(ctx, q, picked, 0)
	})
}

// save stores what was picked, and drops it once the transaction is committed.
func (l *LastSeen) save(ctx context.Context, q *store.Queries, picked map[string]time.Time, earlier time.Duration) error {
	q.AfterCommit(func() { l.drop(picked) })
	for id, at := range picked {
		if err := q.SeeSession(ctx, id, at.Add(-earlier)); err != nil {
			return err
		}
	}
	return nil
}

// pick returns what was noted of up to so many sessions.
func (l *LastSeen) pick(most int) map[string]time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	picked := make(map[string]time.Time, min(most, len(l.at)))
	for id, at := range l.at {
		if len(picked) == most {
			break
		}
		picked[id] = at
	}
	return picked
}

// drop forgets what was picked, except sessions that have been seen again since.
func (l *LastSeen) drop(picked map[string]time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for id, at := range picked {
		if l.at[id].Equal(at) {
			delete(l.at, id)
		}
	}
}

func (l *LastSeen) size() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.at)
}
