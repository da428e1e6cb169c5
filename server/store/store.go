// Package store keeps what outlives a process: users, their plans and sessions,
// signing keys, known addresses, failed sign-ins, the audit log, and the feed of
// changes by which every process knows what the others did. One file per noun,
// plain SQL in each, and the embedded migrations. It builds on database for
// connections and knows no feature: callers decide which changes share a
// transaction, through Write; the store itself records each in the feed.
package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"lychgate/server/database"
)

// ErrNotFound is returned when the requested row does not exist.
var ErrNotFound = errors.New("no such row")

// patience bounds a transaction and the wait for its turn, so that no queue
// builds up behind a held lock.
const patience = database.BusyTimeout + time.Second

// Store is an open database.
type Store struct {
	db    *database.DB
	steps steps
	old   bool // see Queries
	feed  feed
}

// Queries runs statements, with the same methods inside and outside a
// transaction.
type Queries struct {
	db    database.Runner
	made  *[]Change // so far in the transaction
	after *[]func() // to call once it is committed
	// old marks a schema without the feed of changes and the actors of the
	// audit log. Only a copy being restored may have one.
	old bool
}

// feedSince is the first schema version with the feed of changes.
const feedSince = 5

// Read returns queries outside any transaction; they must not write.
func (s *Store) Read() *Queries { return &Queries{db: s.db.Reader} }

// Write runs work in one transaction and commits it when work returns nil. Work
// may run more than once; only the last run is committed, so nothing else may
// remain of earlier runs. On an error nothing was written: an error of work is
// returned as is, a transient one of the database as a problem of kind
// Unavailable. When Write returns, all listeners in this process have heard the
// changes.
func (s *Store) Write(ctx context.Context, work func(*Queries) error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return s.WriteLong(ctx, work)
}

// WriteLong is Write without its time limit, for work on whole tables: a
// million rows take about ten seconds.
func (s *Store) WriteLong(ctx context.Context, work func(*Queries) error) error {
	return s.transact(ctx, s.db.Transact, work)
}

// Adjust is WriteLong for the database.Care, which writes while times are
// unsettled.
func (s *Store) Adjust(ctx context.Context, work func(*Queries) error) error {
	return s.transact(ctx, s.db.TransactUnsettled, work)
}

// CareFor makes Write consult care. Call it before the first transaction.
func (s *Store) CareFor(care database.Care) { s.db.CareFor(care) }

// Watch is database.DB.Watch.
func (s *Store) Watch() (written <-chan struct{}, stop func() error, err error) { return s.db.Watch() }

// AfterCommit calls f after the commit and before Write returns, and never
// without a commit.
func (q *Queries) AfterCommit(f func()) { *q.after = append(*q.after, f) }

// transact runs work in one transaction.
func (s *Store) transact(ctx context.Context, run func(context.Context, func(database.Runner) error) error, work func(*Queries) error) error {
	var (
		made  []Change
		after []func()
	)
	if err := run(ctx, func(runner database.Runner) error {
		made, after = nil, nil
		return work(&Queries{db: runner, made: &made, after: &after, old: s.old})
	}); err != nil {
		return err
	}
	s.feed.deliver(made)
	for _, do := range after {
		do()
	}
	return nil
}

// exec runs a statement and returns how many rows it changed.
func (q *Queries) exec(ctx context.Context, what, statement string, args ...any) (int64, error) {
	return database.Exec(ctx, q.db, what, statement, args...)
}

// one scans a single row, or returns ErrNotFound.
func (q *Queries) one(ctx context.Context, what string, into []any, query string, args ...any) error {
	rows, err := all(ctx, q, what, func(rows *sql.Rows) (struct{}, error) { return struct{}{}, rows.Scan(into...) }, query, args...)
	return found(int64(len(rows)), err)
}

// found returns ErrNotFound for a statement that read or changed no row.
func found(rows int64, err error) error {
	if err == nil && rows == 0 {
		return ErrNotFound
	}
	return err
}

// all reads the rows of a query, each by scan.
func all[T any](ctx context.Context, q *Queries, what string, scan func(*sql.Rows) (T, error), query string, args ...any) ([]T, error) {
	return database.All(ctx, q.db, what, scan, query, args...)
}

// Ping returns an error if the database does not answer.
func (s *Store) Ping(ctx context.Context) error {
	var one int
	return s.Read().one(ctx, "ping", []any{&one}, `SELECT EXISTS (SELECT 1 FROM users) + EXISTS (SELECT 1 FROM sessions)`)
}
