// Package store keeps what outlives a process: users, sessions and their
// endings, signing keys, known addresses, failed sign-ins, the audit log. One file per noun,
// plain SQL in each, and the embedded migrations. It leans on problem and
// knows no feature: which changes belong together is said by its callers,
// through Write.
package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/gofrs/flock"
	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"lychgate/server/problem"
)

// ErrNotFound is returned where the row that was asked for is not there.
var ErrNotFound = errors.New("no such row")

const (
	// busyTimeout is how long a write waits for another process's lock.
	busyTimeout = 5 * time.Second
	// patience bounds a whole piece of work, the wait for its turn included,
	// so that no queue forms behind a lock that somebody holds on to.
	patience = busyTimeout + time.Second
	readers  = 4
)

//go:embed migrations/*.sql
var migrations embed.FS

// Store is an open database: one connection that writes, because SQLite has
// one writer anyway, and some that read beside it.
type Store struct {
	reader, writer *sql.DB
	stepping       sync.Mutex // held by a step, but for a first one, and the rest before it
}

// Queries runs statements, on a connection of its own or inside a
// transaction: the methods are the same.
type Queries struct {
	db interface {
		ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
		QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
		QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	}
}

// Open opens the SQLite database at path, making it when there is none, and
// brings its schema up to date. It returns an error that names the path when
// the file cannot be used, or was written by a newer version.
func Open(ctx context.Context, path string) (*Store, error) {
	store, err := open(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("open the database %s: %w", path, err)
	}
	return store, nil
}

func open(ctx context.Context, path string) (*Store, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	// Processes that start at once take turns to migrate.
	lock := flock.New(path+".lock", flock.SetPermissions(0o600))
	if err := lock.Lock(); err != nil {
		return nil, err
	}
	defer lock.Unlock() //nolint:errcheck // a lock that cannot be released goes with the process

	// SQLite gives its log the mode of the database, which would else be
	// readable by everybody.
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := file.Close(); err != nil {
		return nil, err
	}

	writer, err := sql.Open("sqlite", dsn(path, "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)", "secure_delete(1)"))
	if err != nil {
		return nil, err
	}
	writer.SetMaxOpenConns(1)
	store := &Store{writer: writer}
	if err := store.migrate(ctx, migrations); err != nil {
		return nil, errors.Join(err, writer.Close())
	}
	store.reader, err = sql.Open("sqlite", dsn(path, "query_only(1)"))
	if err != nil {
		return nil, errors.Join(err, writer.Close())
	}
	store.reader.SetMaxOpenConns(readers)
	store.reader.SetMaxIdleConns(readers)
	return store, nil
}

// dsn says how to open path. The busy timeout comes first, so that it holds
// for the pragmas after it; immediate transactions take the write lock at
// once, because one that is upgraded later fails without waiting.
func dsn(path string, pragmas ...string) string {
	query := url.Values{"_txlock": {"immediate"}}
	query.Add("_pragma", fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds()))
	for _, pragma := range pragmas {
		query.Add("_pragma", pragma)
	}
	address := url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: query.Encode()}
	return address.String()
}

func (s *Store) migrate(ctx context.Context, tree fs.FS) error {
	files, err := fs.Sub(tree, "migrations")
	if err != nil {
		return err
	}
	// A fork numbers its own from 1000 on, and takes later ones of ours as well.
	provider, err := goose.NewProvider(goose.DialectSQLite3, s.writer, files, goose.WithAllowOutofOrder(true))
	if err != nil {
		return err
	}
	current, target, err := provider.GetVersions(ctx)
	if err != nil {
		return err
	}
	if current > target {
		return fmt.Errorf("it was written by a newer version (schema %d, this one knows %d): use that version, or a backup", current, target)
	}
	_, err = provider.Up(ctx)
	return err
}

// Close writes the log back into the database and closes it.
func (s *Store) Close() error {
	// Work that was cancelled gives its connection back a moment later. One that
	// is still in use outlives Close, and then the log is not written back.
	inUse := func() int { return s.reader.Stats().InUse + s.writer.Stats().InUse }
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	for begun := time.Now(); inUse() > 0 && time.Since(begun) < time.Second; {
		<-look.C
	}
	return errors.Join(s.reader.Close(), s.writer.Close())
}

// Read returns queries outside any transaction; they must not write.
func (s *Store) Read() *Queries { return &Queries{db: s.reader} }

// Write runs work in one transaction and commits it when work returns nil. An
// error of work is returned as it is; one of the database becomes a problem of
// kind Unavailable, and then nothing was written.
func (s *Store) Write(ctx context.Context, work func(*Queries) error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return s.Rewrite(ctx, work)
}

// Rewrite is Write for work on whole tables, which may take longer than anybody
// waits: a million rows some ten seconds.
func (s *Store) Rewrite(ctx context.Context, work func(*Queries) error) (err error) {
	tx, err := s.writer.BeginTx(ctx, nil)
	if err != nil {
		return failed("begin a transaction", err)
	}
	defer func() {
		if rollbackErr := tx.Rollback(); rollbackErr != nil && !errors.Is(rollbackErr, sql.ErrTxDone) && err == nil {
			err = failed("roll back", rollbackErr)
		}
	}()
	if err := work(&Queries{db: tx}); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return failed("commit", err)
	}
	return nil
}

// exec runs a statement and returns how many rows it changed.
func (q *Queries) exec(ctx context.Context, what, statement string, args ...any) (int64, error) {
	result, err := q.db.ExecContext(ctx, statement, args...)
	if err != nil {
		return 0, failed(what, err)
	}
	changed, err := result.RowsAffected()
	if err != nil {
		return 0, failed(what, err)
	}
	return changed, nil
}

// one scans a single row, or returns ErrNotFound.
func (q *Queries) one(ctx context.Context, what string, into []any, query string, args ...any) error {
	err := q.db.QueryRowContext(ctx, query, args...).Scan(into...)
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNotFound
	}
	if err != nil {
		return failed(what, err)
	}
	return nil
}

// all reads the rows of a query, each by scan.
func all[T any](ctx context.Context, q *Queries, what string, scan func(*sql.Rows) (T, error), query string, args ...any) (list []T, err error) {
	rows, err := q.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, failed(what, err)
	}
	defer func() {
		if closeErr := rows.Close(); closeErr != nil && err == nil {
			err = failed(what, closeErr)
		}
	}()
	for rows.Next() {
		item, err := scan(rows)
		if err != nil {
			return nil, failed(what, err)
		}
		list = append(list, item)
	}
	if err := rows.Err(); err != nil {
		return nil, failed(what, err)
	}
	return list, nil
}

// failed turns an error of the database into a problem, with its own text
// for the log alone.
func failed(what string, err error) error {
	return problem.Busy(time.Second, fmt.Errorf("store: %s: %w", what, err))
}

// isUnique reports whether err says that a unique value is there already.
func isUnique(err error) bool {
	var failure *sqlite.Error
	return errors.As(err, &failure) && failure.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE
}

// millis is how times are stored; fromMillis reads them back, in UTC.
func millis(t time.Time) int64 { return t.UnixMilli() }

func fromMillis(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

// Backup writes a consistent copy of the database to a file that must not
// exist yet, beside all that goes on. It does not hold the secret.
func (s *Store) Backup(ctx context.Context, path string) error {
	// Made here, so that nobody else can read it; SQLite fills an empty file.
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	if _, err := s.writer.ExecContext(ctx, `VACUUM INTO $1`, path); err != nil {
		return errors.Join(fmt.Errorf("copy the database: %w", err), os.Remove(path))
	}
	return nil
}

// Ping reports whether the database answers, as a problem of kind Unavailable
// where it does not.
func (s *Store) Ping(ctx context.Context) error {
	var one int
	return s.Read().one(ctx, "ping", []any{&one}, `SELECT EXISTS (SELECT 1 FROM users) + EXISTS (SELECT 1 FROM sessions)`)
}
