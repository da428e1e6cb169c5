// Package store keeps what outlives a process: users, their plans and sessions,
// signing keys, known addresses, failed sign-ins, the audit log, and the feed of
// changes by which every process knows what the others did. One file per noun,
// plain SQL in each, and the embedded migrations. It leans on database for the
// connections, and knows no feature: which changes belong together is said by its callers, through
// Write; that each is in the feed is the store's own care.
package store

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"time"

	"lychgate/server/database"
)

// ErrNotFound is returned where the row that was asked for is not there.
var ErrNotFound = errors.New("no such row")

// patience bounds a whole piece of work, the wait for its turn included, so that
// no queue forms behind a lock that somebody holds on to.
const patience = database.BusyTimeout + time.Second

// Store is an open database.
type Store struct {
	db       *database.DB
	care     Care       // nil: none
	stepping sync.Mutex // held by a step, but for a first one, and the rest before it
	old      bool       // see Queries
	feed     feed
}

// Queries runs statements, on a connection of its own or inside a
// transaction: the methods are the same.
type Queries struct {
	db    database.Runner
	made  *[]Change // in the transaction, so far
	after *[]func() // what to do once it is committed
	// old is whether the schema is from before the feed of changes and the actors
	// in the audit log. Only a copy that is being restored may have such a one.
	old bool
}

// feedSince is the first schema with the feed of changes.
const feedSince = 5

// Read returns queries outside any transaction; they must not write.
func (s *Store) Read() *Queries { return &Queries{db: s.db.Reader} }

// Write runs work in one transaction and commits it when work returns nil. Work
// may run more than once, the last time in the transaction that is committed: it
// leaves nothing behind but what that run has set. With an error nothing was
// written: one of work is returned as it is, one of the database that may pass is
// a problem of kind Unavailable. Once Write returns, all who listen in this
// process know of the changes.
func (s *Store) Write(ctx context.Context, work func(*Queries) error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return s.WriteLong(ctx, work)
}

// WriteLong is Write for work on whole tables, which may take longer than anybody
// waits: a million rows some ten seconds.
func (s *Store) WriteLong(ctx context.Context, work func(*Queries) error) error {
	return s.settled(ctx, work)
}

// transact runs work in one transaction.
func (s *Store) transact(ctx context.Context, work func(*Queries) error) error {
	var (
		made  []Change
		after []func()
	)
	if err := s.db.Transact(ctx, func(run database.Runner) error {
		made, after = nil, nil
		return work(&Queries{db: run, made: &made, after: &after, old: s.old})
	}); err != nil {
		return err
	}
	s.feed.tell(made)
	for _, do := range after {
		do()
	}
	return nil
}

// exec runs a statement and returns how many rows it changed.
func (q *Queries) exec(ctx context.Context, what, statement string, args ...any) (int64, error) {
	result, err := q.db.ExecContext(ctx, statement, args...)
	if err != nil {
		return 0, database.Fault(what, err)
	}
	changed, err := result.RowsAffected()
	if err != nil {
		return 0, database.Fault(what, err)
	}
	return changed, nil
}

// one scans a single row, or returns ErrNotFound.
func (q *Queries) one(ctx context.Context, what string, into []any, query string, args ...any) error {
	rows, err := all(ctx, q, what, func(rows *sql.Rows) (struct{}, error) { return struct{}{}, rows.Scan(into...) }, query, args...)
	return found(int64(len(rows)), err)
}

// found returns ErrNotFound for a statement that reads or changes no row.
func found(rows int64, err error) error {
	if err == nil && rows == 0 {
		return ErrNotFound
	}
	return err
}

// all reads the rows of a query, each by scan.
func all[T any](ctx context.Context, q *Queries, what string, scan func(*sql.Rows) (T, error), query string, args ...any) (list []T, err error) {
	rows, err := q.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, database.Fault(what, err)
	}
	defer func() {
		if closeErr := rows.Close(); closeErr != nil && err == nil {
			err = database.Fault(what, closeErr)
		}
	}()
	for rows.Next() {
		item, err := scan(rows)
		if err != nil {
			return nil, database.Fault(what, err)
		}
		list = append(list, item)
	}
	if err := rows.Err(); err != nil {
		return nil, database.Fault(what, err)
	}
	return list, nil
}

// Ping returns an error where the database does not answer.
func (s *Store) Ping(ctx context.Context) error {
	var one int
	return s.Read().one(ctx, "ping", []any{&one}, `SELECT EXISTS (SELECT 1 FROM users) + EXISTS (SELECT 1 FROM sessions)`)
}
