package database

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"lychgate/server/problem"
)

// Fault wraps a database error. A transient one becomes a problem of kind
// Unavailable; any other is a bug, which problem.From makes kind Internal. Its
// text is only for the log.
func Fault(what string, err error) error {
	err = fmt.Errorf("store: %s: %w", what, err)
	if mayPass(err) {
		return problem.Busy(time.Second, err)
	}
	return err
}

// mayPass reports whether the same work may succeed later: the database is
// locked or closed, the disk fails, or the time ran out.
func mayPass(err error) bool {
	for _, passing := range []error{
		context.Canceled, context.DeadlineExceeded,
		sql.ErrTxDone, // rolled back at its deadline
		sql.ErrConnDone, driver.ErrBadConn, errClosed,
	} {
		if errors.Is(err, passing) {
			return true
		}
	}
	switch Code(err) {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_PROTOCOL,
		sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_NOMEM:
		return true
	}
	return false
}

// errClosed is the error of a closed database; database/sql does not export it.
var errClosed = func() error {
	db := sql.OpenDB(nowhere{})
	if err := db.Close(); err != nil {
		return err
	}
	return db.PingContext(context.Background())
}()

// nowhere is a connector without a database.
type nowhere struct{}

func (nowhere) Connect(context.Context) (driver.Conn, error) { return nil, driver.ErrBadConn }
func (nowhere) Driver() driver.Driver                        { return nil }

// Code returns SQLite's primary result code of an error; 0 if it is not from
// SQLite.
func Code(err error) int {
	var failure *sqlite.Error
	if !errors.As(err, &failure) {
		return 0
	}
	return failure.Code() & 0xff
}

// IsUnique reports whether err is a violation of a unique constraint.
func IsUnique(err error) bool {
	var failure *sqlite.Error
	return errors.As(err, &failure) && failure.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE
}

func isBusy(err error) bool { return Code(err) == sqlite3.SQLITE_BUSY }

// IsUnwritable reports whether SQLite was not allowed to change a database, or
// to make the files that it needs beside one.
func IsUnwritable(err error) bool {
	code := Code(err)
	return code == sqlite3.SQLITE_READONLY || code == sqlite3.SQLITE_CANTOPEN || code == sqlite3.SQLITE_PERM
}

// IsFull reports whether the disk had no room, also for the index of the log.
func IsFull(err error) bool {
	var failure *sqlite.Error
	return Code(err) == sqlite3.SQLITE_FULL || errors.As(err, &failure) && failure.Code() == sqlite3.SQLITE_IOERR_SHMSIZE
}

// IsDamaged reports whether SQLite found a file malformed, or not a database.
func IsDamaged(err error) bool {
	code := Code(err)
	return code == sqlite3.SQLITE_CORRUPT || code == sqlite3.SQLITE_NOTADB
}
