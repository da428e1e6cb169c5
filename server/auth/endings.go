package auth

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"lychgate/server/problem"
	"lychgate/server/store"
)

const (
	// pollEvery keeps well within the second that an ending by another
	// process may take to count here.
	pollEvery = 400 * time.Millisecond
	// blindAfter is how long the record of endings may be out of reach before
	// access tokens are no longer believed.
	blindAfter = 5 * time.Second
)

// Endings remembers which sessions have ended while access tokens of theirs
// may still live, so that no request costs a query. It follows the record in
// the store, where every process writes.
type Endings struct {
	store *store.Store
	log   *slog.Logger

	// Times here are by the monotonic clock, so that a step of the other one
	// does not hide that the record is out of reach.
	mu       sync.RWMutex
	ended    map[string]time.Time // by session: when it was noted here
	seq      int64
	readAt   time.Time
	reported bool // that the record is out of reach
}

// NewEndings returns the endings in a store; call Poll once before use, then
// Follow.
func NewEndings(s *store.Store, log *slog.Logger) *Endings {
	return &Endings{store: s, log: log, ended: make(map[string]time.Time)}
}

// Add notes endings at once, without waiting for the record.
func (e *Endings) Add(sessionIDs ...string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, id := range sessionIDs {
		e.ended[id] = time.Now()
	}
}

// Check returns problem.ErrUnauthenticated for a session that has ended, and
// a problem of kind Unavailable when the record could not be read of late.
func (e *Endings) Check(sessionID string) error {
	e.mu.RLock()
	_, ended := e.ended[sessionID]
	e.mu.RUnlock()
	if ended {
		return problem.ErrUnauthenticated
	}
	return e.Readable()
}

// Readable returns a problem of kind Unavailable when the record could not be
// read of late.
func (e *Endings) Readable() error {
	e.mu.RLock()
	defer e.mu.RUnlock()
	if time.Since(e.readAt) > blindAfter {
		return problem.Busy(time.Second, nil)
	}
	return nil
}

// Poll reads what has been recorded since the last time.
func (e *Endings) Poll(ctx context.Context) error {
	begun := time.Now()
	endings, err := e.store.Read().EndingsAfter(ctx, e.seq) // seq is written by Poll alone
	if err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.readAt = begun
	for _, ending := range endings {
		e.seq = ending.Seq
		e.ended[ending.SessionID] = begun
	}
	return nil
}

// Follow polls until ctx ends, and forgets endings that no access token can
// outlive.
func (e *Endings) Follow(ctx context.Context) {
	ticker := time.NewTicker(pollEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			e.report(ctx, e.Poll(ctx))
			e.forget()
		}
	}
}

func (e *Endings) report(ctx context.Context, err error) {
	switch failing := err != nil && ctx.Err() == nil; {
	case failing && !e.reported:
		e.log.Error("the record of ended sessions cannot be read; protected answers become 503 if this lasts", "error", err)
		e.reported = true
	case e.reported && err == nil:
		e.log.Info("the record of ended sessions can be read again")
		e.reported = false
	}
}

func (e *Endings) forget() {
	before := time.Now().Add(-keepEnded)
	e.mu.Lock()
	defer e.mu.Unlock()
	for id, at := range e.ended {
		if at.Before(before) {
			delete(e.ended, id)
		}
	}
}
