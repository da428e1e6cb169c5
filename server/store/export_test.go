package store

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"testing"
	"time"

	"lychgate/server/database"
)

// Writer and Reader are the connections of a store.
func (s *Store) Writer() *sql.DB { return s.db.Writer.DB }
func (s *Store) Reader() *sql.DB { return s.db.Reader.DB }

// Execute runs a statement as the methods of Queries do.
func Execute(ctx context.Context, q *Queries, statement string) error {
	_, err := q.exec(ctx, "test", statement)
	return err
}

// Knowing returns the Opener of a program that knows the migrations in a tree.
func Knowing(tree fs.FS) Opener { return Opener{known: tree} }

// Migrations is the tree that Open uses.
func Migrations() fs.FS { return migrations }

// Unchecked opens a database without checking it.
func Unchecked(t *testing.T, path string) *Store {
	t.Helper()
	s, err := OpenCopy(path, feedSince)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// ExecuteWhileReading is Execute while rows are read.
func ExecuteWhileReading(ctx context.Context, q *Queries, statement string) error {
	rows, err := q.db.QueryContext(ctx, `SELECT id FROM users`)
	if err != nil {
		return err
	}
	defer rows.Close()
	rows.Next()
	return errors.Join(Execute(ctx, q, statement), rows.Err())
}

// Unprepared returns queries that are compiled for each run.
func Unprepared(run database.Runner) *Queries { return &Queries{db: run} }

// Age makes the last read of the feed older.
func (s *Store) Age(by time.Duration) {
	at := s.feed.readAt.Load().Add(-by)
	s.feed.readAt.Store(&at)
}

// TimeColumns returns the columns of times, with their tables.
func TimeColumns() (names []string) {
	for _, c := range timeColumns {
		names = append(names, c.table+"."+c.column)
	}
	return names
}
