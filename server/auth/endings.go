package auth

import (
	"context"
	"errors"
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
	keep  time.Duration // longer than an access token lives

	// Times here are by the monotonic clock, so that a step of the other one
	// does not hide that the record is out of reach.
	mu     sync.RWMutex
	ended  map[string]time.Time // by session: when it was noted here
	seq    int64
	readAt time.Time
}

// endingsAtOnce is how many endings one query reads.
const endingsAtOnce = 10_000

// NewEndings returns the endings in a store, where access tokens live for ttl;
// call Poll once before use, and again and again (see Service.Follow).
func NewEndings(s *store.Store, ttl time.Duration) *Endings {
	return &Endings{store: s, keep: ttl + tokenLeeway, ended: make(map[string]time.Time)}
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
	for {
		endings, err := e.store.Read().EndingsAfter(ctx, e.seq, endingsAtOnce) // seq is written by Poll alone
		if err != nil {
			return err
		}
		if e.note(endings, begun); len(endings) < endingsAtOnce {
			return nil
		}
	}
}

// note takes over what was recorded, as read from a time on.
func (e *Endings) note(endings []store.Ending, begun time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, ending := range endings {
		e.seq = ending.Seq
		e.ended[ending.SessionID] = begun
	}
	if len(endings) < endingsAtOnce { // so that all is known
		e.readAt = begun
	}
}

// Follow keeps up with what other processes do, until ctx ends: with the
// sessions that they end, and the signing keys that they make. It keeps up with
// the clock too.
func (s *Service) Follow(ctx context.Context) {
	ticker := time.NewTicker(pollEvery)
	defer ticker.Stop()
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		err := errors.Join(s.Endings.Poll(ctx), s.Keys.Poll(ctx))
		switch {
		case err != nil && ctx.Err() == nil && !failing:
			s.Log.Error("ended sessions or signing keys cannot be read; protected answers become 503 if it is the former and lasts", "error", err)
			failing = true
		case err == nil && failing:
			s.Log.Info("ended sessions and signing keys can be read again")
			failing = false
		}
		_ = s.followClock(ctx) // it is tried again, and has told the log
		s.Clock.sweeps.look(s.Now(), time.Now())
		s.Endings.forget()
	}
}

func (e *Endings) forget() {
	before := time.Now().Add(-e.keep)
	e.mu.Lock()
	defer e.mu.Unlock()
	for id, at := range e.ended {
		if at.Before(before) {
			delete(e.ended, id)
		}
	}
}
