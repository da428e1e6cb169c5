package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/gofrs/flock"
)

// DB is an open database: one writing connection, because SQLite allows only
// one writer, and several readers.
type DB struct {
	Reader, Writer *Pool
	inUse          *flock.Flock
	// patient marks a database opened for a command, which reports what it
	// waits for and stops waiting when interrupted.
	patient bool
	waits   func(what string)
}

// Close writes the log back into the database and closes it.
func (db *DB) Close() error {
	if db.Writer == nil || db.Reader == nil { // opening it failed halfway
		var err error
		if db.Writer != nil {
			err = db.Writer.close()
		}
		return errors.Join(err, db.inUse.Unlock())
	}
	// Cancelled work returns its connection a moment later. A connection still
	// in use would outlive Close, and the log would not be written back.
	inUse := func() int { return db.Reader.DB.Stats().InUse + db.Writer.DB.Stats().InUse }
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	for begun := time.Now(); inUse() > 0 && time.Since(begun) < time.Second; {
		<-look.C
	}
	return errors.Join(db.Reader.close(), db.Writer.close(), db.inUse.Unlock())
}

// Transact runs work in one transaction and commits it when work returns nil.
// It returns an error of work as is.
func (db *DB) Transact(ctx context.Context, work func(Runner) error) (err error) {
	tx, err := db.begin(ctx)
	if err != nil {
		return Fault("begin a transaction", err)
	}
	defer func() {
		if rollbackErr := tx.Rollback(); rollbackErr != nil && !errors.Is(rollbackErr, sql.ErrTxDone) && err == nil {
			err = Fault("roll back", rollbackErr)
		}
	}()
	if err := work(db.Writer.in(tx)); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return Fault("commit", err)
	}
	db.Writer.prepareMissed(ctx)
	return nil
}

// EmptyLog writes the log back into the database and truncates it. It reports
// false while somebody still reads from the log. It blocks writers no longer
// than it may wait for readers.
func (db *DB) EmptyLog(ctx context.Context, wait time.Duration) (done bool, err error) {
	connection, err := db.Writer.DB.Conn(ctx)
	if err != nil {
		return false, Fault("empty the log", err)
	}
	defer func() {
		_, resetErr := connection.ExecContext(context.WithoutCancel(ctx), fmt.Sprintf(`PRAGMA busy_timeout(%d)`, BusyTimeout.Milliseconds()))
		if closeErr := errors.Join(resetErr, connection.Close()); closeErr != nil && err == nil {
			err = Fault("empty the log", closeErr)
		}
	}()
	if _, err := connection.ExecContext(ctx, fmt.Sprintf(`PRAGMA busy_timeout(%d)`, wait.Milliseconds())); err != nil {
		return false, Fault("empty the log", err)
	}
	var busy, frames, written int64
	if err := connection.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &frames, &written); err != nil {
		return false, Fault("empty the log", err)
	}
	return busy == 0, nil
}
