package store

import (
	"context"
	"database/sql"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"lychgate/server/database"
	"lychgate/server/problem"
)

// ChangeKind says what a change is of.
type ChangeKind string

// The kinds of changes, and what their ids are of.
const (
	SessionChange ChangeKind = "session" // a session that was revoked
	SubjectChange ChangeKind = "subject" // an account: made, changed or deleted, its role and plans included
	KeyChange     ChangeKind = "key"     // a signing key: made, moved in time or deleted
	LimitChange   ChangeKind = "limit"   // an account whose used-up attempts have changed
)

// Change is a row of the feed that every process follows to know what no longer
// holds of what it keeps in memory.
type Change struct {
	Seq  int64 // grows with every change
	Kind ChangeKind
	ID   string
	At   time.Time
}

// change records a change of each of some ids, in the transaction that makes it.
func (q *Queries) change(ctx context.Context, kind ChangeKind, at time.Time, ids ...string) error {
	if q.old {
		return nil
	}
	for _, id := range ids {
		if _, err := q.exec(ctx, "record a change", `INSERT INTO changes (kind, id, at) VALUES ($1, $2, $3)`, kind, id, database.Stamp(at)); err != nil {
			return err
		}
	}
	q.note(kind, ids)
	return nil
}

// changeChosen records a change of each row that the rest of a query chooses, and
// returns their ids. The first argument of the query is the time.
func (q *Queries) changeChosen(ctx context.Context, kind ChangeKind, chosen string, at time.Time, args ...any) ([]string, error) {
	ids, err := all(ctx, q, "record changes", scanID,
		`INSERT INTO changes (kind, id, at) SELECT '`+string(kind)+`', id, $1 `+chosen+` RETURNING id`, append([]any{database.Stamp(at)}, args...)...)
	q.note(kind, ids)
	return ids, err
}

func scanID(rows *sql.Rows) (id string, err error) {
	err = rows.Scan(&id)
	return id, err
}

// note keeps changes for Store.Write, which makes them known once they are
// committed.
func (q *Queries) note(kind ChangeKind, ids []string) {
	for _, id := range ids {
		*q.made = append(*q.made, Change{Kind: kind, ID: id})
	}
}

// ChangesFrom returns up to limit changes from the number seq on, in order.
func (q *Queries) ChangesFrom(ctx context.Context, seq int64, limit int) ([]Change, error) {
	return all(ctx, q, "read changes", func(rows *sql.Rows) (c Change, err error) {
		err = rows.Scan(&c.Seq, &c.Kind, &c.ID, (*database.Stamp)(&c.At))
		return c, err
	}, `SELECT seq, kind, id, at FROM changes WHERE seq >= $1 ORDER BY seq LIMIT $2`, seq, limit)
}

// SweepChanges removes up to limit changes that were recorded before a time, and
// returns how many. The last one stays: who has read it has missed none.
func (q *Queries) SweepChanges(ctx context.Context, before time.Time, limit int) (int64, error) {
	return q.exec(ctx, "sweep changes",
		`DELETE FROM changes WHERE seq IN (
		   SELECT seq FROM changes WHERE at < $1 AND seq < (SELECT MAX(seq) FROM changes) ORDER BY at LIMIT $2)`,
		database.Stamp(before), limit)
}

const (
	// changesAtOnce is how many changes one query reads.
	changesAtOnce = 10_000
	// blindAfter is how long the feed may be out of reach before what is kept in
	// memory is no longer believed.
	blindAfter = 5 * time.Second
)

// feed is how far a process has come in following the changes.
type feed struct {
	mu        sync.RWMutex
	listeners map[ChangeKind][]func(ids []string)

	polling sync.Mutex
	seq     int64 // of the last change that was read; 0: none yet
	// readAt is when the last reading of all changes began. It has a monotonic
	// reading, so that a step of the wall clock does not hide that the feed is out
	// of reach.
	readAt atomic.Pointer[time.Time]
}

// Listen makes heard known of all changes of a kind, by this process and by
// others: call it before the first Poll, which hands over all that is on record.
// heard is called before Write returns, by several goroutines at once, and may be
// told of a change again. No ids at all mean that any may have changed.
func (s *Store) Listen(kind ChangeKind, heard func(ids []string)) {
	s.feed.mu.Lock()
	defer s.feed.mu.Unlock()
	if s.feed.listeners == nil {
		s.feed.listeners = make(map[ChangeKind][]func([]string))
	}
	s.feed.listeners[kind] = append(s.feed.listeners[kind], heard)
}

// Poll hands over what has changed since it was last called.
func (s *Store) Poll(ctx context.Context) error {
	f := &s.feed
	f.polling.Lock()
	defer f.polling.Unlock()
	begun := time.Now()
	for {
		// The last one is read again: where it is gone, others may be that came
		// after it.
		known := f.seq
		changes, err := s.Read().ChangesFrom(ctx, known, changesAtOnce)
		if err != nil {
			return err
		}
		last := len(changes) < changesAtOnce
		if known > 0 {
			if len(changes) == 0 || changes[0].Seq != known {
				f.tellAll()
				f.seq = 0
				continue
			}
			changes = changes[1:]
		}
		if len(changes) > 0 {
			f.tell(changes)
			f.seq = changes[len(changes)-1].Seq
		}
		if last {
			f.readAt.Store(&begun)
			return nil
		}
	}
}

// Fresh returns a problem of kind Unavailable when the feed of changes could not
// be read of late: then nothing that is kept in memory can be believed.
func (s *Store) Fresh() error {
	if readAt := s.feed.readAt.Load(); readAt == nil || time.Since(*readAt) > blindAfter {
		return problem.Busy(time.Second, nil)
	}
	return nil
}

// tell hands changes over to those who listen.
func (f *feed) tell(changes []Change) {
	ids := make(map[ChangeKind][]string)
	for _, change := range changes {
		ids[change.Kind] = append(ids[change.Kind], change.ID)
	}
	for kind, changed := range ids {
		for _, heard := range f.listening(kind) {
			heard(changed)
		}
	}
}

// tellAll says that anything may have changed.
func (f *feed) tellAll() {
	for _, kind := range []ChangeKind{SessionChange, SubjectChange, KeyChange, LimitChange} {
		for _, heard := range f.listening(kind) {
			heard(nil)
		}
	}
}

// listening returns who listens to a kind: they are called without any lock.
func (f *feed) listening(kind ChangeKind) []func([]string) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return slices.Clone(f.listeners[kind])
}
