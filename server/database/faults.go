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

// Fault wraps an error of the database. Where it may pass, it becomes a problem
// of kind Unavailable; anything else is a fault of ours, and problem.From makes
// it one of kind Internal. Its text is for the log alone.
func Fault(what string, err error) error {
	err = fmt.Errorf("store: %s: %w", what, err)
	if mayPass(err) {
		return problem.Busy(time.Second, err)
	}
	return err
}

// mayPass reports whether the same work may succeed at another time: the database
// is locked or closed, the disk does not play along, or there was no time left.
func mayPass(err error) bool {
	for _, passing := range []error{
		context.Canceled, context.DeadlineExceeded,
		sql.ErrTxDone, // the transaction was rolled back when its time was over
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

// errClosed is what a database returns that is closed; it has no name there.
var errClosed = func() error {
	db := sql.OpenDB(nowhere{})
	if err := db.Close(); err != nil {
		return err
	}
	return db.PingContext(context.Background())
}()

// nowhere connects to nothing.
type nowhere struct{}

func (nowhere) Connect(context.Context) (driver.Conn, error) { return nil, driver.ErrBadConn }
func (nowhere) Driver() driver.Driver                        { return nil }

// Code returns SQLite's code of an error, without the details that some codes
// have; 0 where it is no error of SQLite's.
func Code(err error) int {
	var failure *sqlite.Error
	if !errors.As(err, &failure) {
		return 0
	}
	return failure.Code() & 0xff
}

// IsUnique reports whether err says that a unique value is there already.
func IsUnique(err error) bool {
	var failure *sqlite.Error
	return errors.As(err, &failure) && failure.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE
}

func isBusy(err error) bool { return Code(err) == sqlite3.SQLITE_BUSY }
