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

// ChangeKind is the kind of thing that changed.
type ChangeKind string

// The kinds of changes, and what their ids refer to.
const (
	SessionChange ChangeKind = "session" // a session that was revoked
	SubjectChange ChangeKind = "subject" // an account created, changed (role and plans included) or deleted
	KeyChange     ChangeKind = "key"     // a signing key created, moved in time or deleted
	LimitChange   ChangeKind = "limit"   // an account whose used attempts changed
)

// Change is a row of the feed by which every process learns that what it keeps
// in memory is out of date.
type Change struct {
	Seq  int64 // grows with every change
	Kind ChangeKind
	ID   string
	At   time.Time
}

// change records a change for each id, in the same transaction.
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

// changeChosen records a change for each row that the rest of a query selects,
// and returns their ids. The query's first argument is the time.
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

// note keeps changes for Store.Write, which announces them after the commit.
func (q *Queries) note(kind ChangeKind, ids []string) {
	for _, id := range ids {
		*q.made = append(*q.made, Change{Kind: kind, ID: id})
	}
}

// ChangesFrom returns up to limit changes numbered seq or higher, in order.
func (q *Queries) ChangesFrom(ctx context.Context, seq int64, limit int) ([]Change, error) {
	return all(ctx, q, "read changes", func(rows *sql.Rows) (c Change, err error) {
		err = rows.Scan(&c.Seq, &c.Kind, &c.ID, (*database.Stamp)(&c.At))
		return c, err
	}, `SELECT seq, kind, id, at FROM changes WHERE seq >= $1 ORDER BY seq LIMIT $2`, seq, limit)
}

// SweepChanges deletes up to limit changes recorded before a time, and returns
// how many. The last change stays: a process that has read it has missed none.
func (q *Queries) SweepChanges(ctx context.Context, before time.Time, limit int) (int64, error) {
	return q.exec(ctx, "sweep changes",
		`DELETE FROM changes WHERE seq IN (
		   SELECT seq FROM changes WHERE at < $1 AND seq < (SELECT MAX(seq) FROM changes) ORDER BY at LIMIT $2)`,
		database.Stamp(before), limit)
}

const (
	// changesAtOnce is how many changes one query reads.
	changesAtOnce = 10_000
	// blindAfter is how long the feed may be unreadable before what is kept in
	// memory is no longer trusted.
	blindAfter = 5 * time.Second
)

// feed is this process's position in the feed of changes.
type feed struct {
	mu        sync.RWMutex
	listeners map[ChangeKind][]func(ids []string)

	polling sync.Mutex
	seq     int64 // of the last change read; 0: none yet
	// readAt is when the last complete read began. It keeps its monotonic
	// reading, so that a step of the wall clock cannot hide that the feed is
	// unreadable.
	readAt atomic.Pointer[time.Time]
}

// Listen calls heard for all changes of a kind, by this process and by others.
// Call it before the first Poll, which delivers everything on record. heard is
// called before Write returns and by several goroutines at once, and may
// receive a change again. Nil ids mean that anything may have changed.
func (s *Store) Listen(kind ChangeKind, heard func(ids []string)) {
	s.feed.mu.Lock()
	defer s.feed.mu.Unlock()
	if s.feed.listeners == nil {
		s.feed.listeners = make(map[ChangeKind][]func([]string))
	}
	s.feed.listeners[kind] = append(s.feed.listeners[kind], heard)
}

// Poll delivers what has changed since its last call.
func (s *Store) Poll(ctx context.Context) error {
	f := &s.feed
	f.polling.Lock()
	defer f.polling.Unlock()
	begun := time.Now()
	for {
		// Read the last known change again: if it is gone, later ones may be
		// too.
		known := f.seq
		changes, err := s.Read().ChangesFrom(ctx, known, changesAtOnce)
		if err != nil {
			return err
		}
		last := len(changes) < changesAtOnce
		if known > 0 {
			if len(changes) == 0 || changes[0].Seq != known {
				f.deliverAll()
				f.seq = 0
				continue
			}
			changes = changes[1:]
		}
		if len(changes) > 0 {
			f.deliver(changes)
			f.seq = changes[len(changes)-1].Seq
		}
		if last {
			f.readAt.Store(&begun)
			return nil
		}
	}
}

// Fresh returns a problem of kind Unavailable when the feed has not been
// readable recently, so that nothing kept in memory can be trusted.
func (s *Store) Fresh() error {
	if readAt := s.feed.readAt.Load(); readAt == nil || time.Since(*readAt) > blindAfter {
		return problem.Busy(time.Second, nil)
	}
	return nil
}

// deliver hands changes to the listeners.
func (f *feed) deliver(changes []Change) {
	ids := make(map[ChangeKind][]string)
	for _, change := range changes {
		ids[change.Kind] = append(ids[change.Kind], change.ID)
	}
	for kind, changed := range ids {
		f.call(kind, changed)
	}
}

// deliverAll tells all listeners that anything may have changed.
func (f *feed) deliverAll() {
	for _, kind := range []ChangeKind{SessionChange, SubjectChange, KeyChange, LimitChange} {
		f.call(kind, nil)
	}
}

// call calls the listeners of a kind, without the lock.
func (f *feed) call(kind ChangeKind, ids []string) {
	f.mu.RLock()
	listeners := slices.Clone(f.listeners[kind])
	f.mu.RUnlock()
	for _, heard := range listeners {
		heard(ids)
	}
}
