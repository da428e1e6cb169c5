// Package database owns the connections to a database: opening it concurrently
// with other processes, schema migration, transactions, prepared statements,
// the classification of its faults, and the ownership of its files. It builds
// on problem and knows only the tables about the schema; all others are left to
// store.
package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

const (
	// BusyTimeout is how long a write waits for another process's lock.
	BusyTimeout = 5 * time.Second
	readers     = 4
	// reportAfter is how long a command waits before it reports that it waits.
	reportAfter = time.Second
	lookAgain   = 20 * time.Millisecond
	// commandBusyTimeout is how long SQLite itself waits for a command.
	// SQLite's wait cannot be interrupted, so a command retries by itself.
	commandBusyTimeout = 100 * time.Millisecond
)

// Opener opens databases. It creates two lock files beside one: NAME.lock is
// held during a migration; NAME.in-use is shared by everybody who has the
// database open, so that a restore can tell that nobody has.
type Opener struct {
	// Waits is called with what is being waited for, after a second. It may be
	// nil.
	Waits func(what string)

	Migrations fs.FS // known to the program, in a folder "migrations"
}

// Migrate opens the SQLite database at path, creating it if necessary, migrates
// its schema and reports what it did. Only the server and `lychgate migrate`
// may migrate an existing database. It returns an error naming the path if the
// file cannot be used or was written by a newer version.
func (o Opener) Migrate(ctx context.Context, path string) (*DB, Migrated, error) {
	var done Migrated
	db, err := o.open(ctx, path, os.O_RDWR|os.O_CREATE, BusyTimeout, func(db *DB) (err error) {
		done, err = db.migrate(ctx, o.Migrations)
		return err
	})
	return db, done, err
}

// AsIs opens an existing database for a command that runs beside a server of
// perhaps another version. It never migrates, and refuses a schema this program
// cannot work with. It returns an error that wraps fs.ErrNotExist if there is
// no database.
func (o Opener) AsIs(ctx context.Context, path string) (*DB, error) {
	db, err := o.open(ctx, path, os.O_RDWR, commandBusyTimeout, func(db *DB) error {
		found, err := readSchema(ctx, db.Writer.DB, o.Migrations)
		if err != nil {
			return err
		}
		return found.current()
	})
	if db != nil {
		db.waits = o.Waits
		db.patient = true
	}
	return db, err
}

func (o Opener) open(ctx context.Context, path string, flag int, busy time.Duration, prepare func(*DB) error) (*DB, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open the database %s: %w", path, err)
	}
	db, err := o.openFile(ctx, path, flag, busy, prepare)
	if err != nil {
		return nil, fmt.Errorf("open the database %s: %w", path, err)
	}
	return db, nil
}

func (o Opener) openFile(ctx context.Context, path string, flag int, busy time.Duration, prepare func(*DB) error) (_ *DB, err error) {
	if flag&os.O_CREATE == 0 {
		if _, err := os.Stat(path); err != nil {
			return nil, err
		}
	}
	db := &DB{inUse: InUse(path)}
	defer func() {
		if err != nil {
			err = errors.Join(err, db.Close())
		}
	}()
	if err := o.lock(ctx, "lychgate restore, which is replacing the database", db.inUse, db.inUse.TryRLockContext); err != nil {
		return nil, err
	}
	// Processes starting together migrate in turn.
	turn := flock.New(path+".lock", flock.SetPermissions(0o600))
	if err := o.lock(ctx, "another lychgate, which is opening the database", turn, turn.TryLockContext); err != nil {
		return nil, err
	}
	defer turn.Unlock() //nolint:errcheck // a lock that cannot be released goes with the process

	// Create the file here: SQLite gives its log the mode and owner of the
	// database, which would otherwise be world-readable.
	file, err := os.OpenFile(path, flag, 0o600)
	if err != nil {
		return nil, err
	}
	if err := file.Close(); err != nil {
		return nil, err
	}
	for _, made := range []string{path, path + "-wal", path + "-shm"} {
		if err := Adopt(made); err != nil {
			return nil, err
		}
	}
	if db.Writer, err = openPool(dsn(path, busy, "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)", "secure_delete(1)", TemporaryFilesIn(filepath.Dir(path))), 1); err != nil {
		return nil, err
	}
	if err := o.retry(ctx, BusyTimeout, func() error { return prepare(db) }); err != nil {
		return nil, err
	}
	db.Reader, err = openPool(dsn(path, busy, "query_only(1)"), readers)
	return db, err
}

// OpenCopy opens a private copy of a database, without write-ahead log or lock:
// the single file is complete.
func OpenCopy(path string) (*DB, error) {
	pragmas := []string{"journal_mode(DELETE)", "synchronous(FULL)", "foreign_keys(1)", TemporaryFilesIn(filepath.Dir(path))}
	db := &DB{inUse: flock.New(path + ".in-use")} // the lock is never taken
	var err error
	if db.Writer, err = openPool(dsn(path, BusyTimeout, pragmas...), 1); err != nil {
		return nil, err
	}
	if db.Reader, err = openPool(dsn(path, BusyTimeout, "query_only(1)"), 1); err != nil {
		return nil, errors.Join(err, db.Writer.close())
	}
	return db, nil
}

// InUse returns the lock shared by everybody who has a database open.
func InUse(path string) *flock.Flock { return flock.New(path+".in-use", flock.SetPermissions(0o600)) }

// lock takes a file lock, waiting until ctx is done.
func (o Opener) lock(ctx context.Context, what string, file *flock.Flock, try func(context.Context, time.Duration) (bool, error)) error {
	soon, cancel := context.WithTimeout(ctx, reportAfter)
	defer cancel()
	_, err := try(soon, lookAgain)
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		o.report(what)
		_, err = try(ctx, lookAgain)
	}
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("interrupted while waiting for %s; nothing was changed", what)
	case errors.Is(err, fs.ErrPermission):
		if _, missing := os.Lstat(file.Path()); missing == nil {
			return fmt.Errorf("%w: the file belongs to another user; give it to the user that runs lychgate (chown), or remove it while no lychgate runs", err)
		}
		return err
	case err != nil:
		return err
	}
	return Adopt(file.Path())
}

func (o Opener) report(what string) {
	if o.Waits != nil {
		o.Waits("waiting for " + what)
	}
}

const otherWriter = "another process, which holds the lock of the database"

// retry repeats try while another process has locked the database, at most for
// patience.
func (o Opener) retry(ctx context.Context, patience time.Duration, try func() error) error {
	begun, reported := time.Now(), false
	for {
		err := try()
		if reported && errors.Is(err, context.Canceled) { // during try
			return fmt.Errorf("interrupted while waiting for %s; nothing was changed", otherWriter)
		}
		if !isBusy(err) {
			return err
		}
		if time.Since(begun) > patience {
			return fmt.Errorf("gave up waiting for %s: %w", otherWriter, err)
		}
		if !reported && time.Since(begun) > reportAfter {
			o.report(otherWriter)
			reported = true
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("interrupted while waiting for %s; nothing was changed", otherWriter)
		case <-time.After(lookAgain):
		}
	}
}

// begin starts a writing transaction. For a server SQLite waits for the lock; a
// command retries, so that Ctrl-C interrupts the wait.
func (db *DB) begin(ctx context.Context) (tx *sql.Tx, err error) {
	if !db.patient {
		return db.Writer.DB.BeginTx(ctx, nil)
	}
	err = Opener{Waits: db.waits}.retry(ctx, BusyTimeout, func() error {
		tx, err = db.Writer.DB.BeginTx(ctx, nil)
		return err
	})
	return tx, err
}

// URI is SQLite's URI of a file, with its parameters.
func URI(path string, query url.Values) string {
	address := url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: query.Encode()}
	return address.String()
}

// dsn returns how to open the existing file at path; no connection recreates a
// deleted one. The busy timeout comes first, so that it applies to the other
// pragmas. Immediate transactions take the write lock at once, because
// upgrading to it later fails without waiting.
func dsn(path string, busy time.Duration, pragmas ...string) string {
	query := url.Values{"mode": {"rw"}, "_txlock": {"immediate"}}
	query.Add("_pragma", fmt.Sprintf("busy_timeout(%d)", busy.Milliseconds()))
	for _, pragma := range pragmas {
		query.Add("_pragma", pragma)
	}
	return URI(path, query)
}

// TemporaryFilesIn is the pragma that makes SQLite put temporary files into a
// writable directory: a container may have no other, not even /tmp. It applies
// to the whole process; if the directory is gone, SQLite picks another.
func TemporaryFilesIn(directory string) string {
	return "temp_store_directory('" + strings.ReplaceAll(directory, "'", "''") + "')"
}
