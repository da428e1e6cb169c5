// Package backup owns copies of a database: making one beside all that goes on,
// and putting one in the place of the database, whole or not at all. It leans on
// database and store for what a database of ours is; what a restore revokes is its caller's.
package backup

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
	"syscall"

	sqlite3 "modernc.org/sqlite/lib"

	"lychgate/server/database"
)

// Create writes a consistent copy of the database at path to a file that must
// not exist yet, beside all that goes on, and returns where and how many bytes
// that are. The file appears whole or not at all, for its owner alone. Nothing
// changes about the database: not its schema, whatever it is, and not the files
// beside it, so that a copy made before an upgrade is one that the old version
// can open. The secret is not in it.
func Create(ctx context.Context, path, file string) (written string, size int64, err error) {
	// Absolute, so that SQLite takes no name for a URI.
	if path, err = filepath.Abs(path); err != nil {
		return "", 0, err
	}
	if strings.HasSuffix(file, string(filepath.Separator)) {
		return "", 0, &fs.PathError{Op: "create", Path: file, Err: errors.New("this is the name of a directory; add the name of a file")}
	}
	if file, err = filepath.Abs(file); err != nil {
		return "", 0, err
	}
	if _, err := os.Lstat(file); err == nil {
		return "", 0, &fs.PathError{Op: "create", Path: file, Err: syscall.EEXIST}
	}
	if err := standsAlone(file); err != nil {
		return "", 0, err
	}
	// Made here, so that nobody else can read it; SQLite fills an empty file.
	temporary, err := os.CreateTemp(filepath.Dir(file), ".lychgate-backup-*")
	if err != nil {
		return "", 0, err
	}
	defer func() {
		if removeErr := os.Remove(temporary.Name()); removeErr != nil && !errors.Is(removeErr, fs.ErrNotExist) {
			err = errors.Join(err, removeErr)
		}
	}()
	copyErr := copyDatabase(ctx, path, temporary.Name(), nil)
	if err := errors.Join(copyErr, temporary.Sync(), temporary.Close()); err != nil {
		return "", 0, fmt.Errorf("copy the database %s: %w", path, err)
	}
	info, err := os.Stat(temporary.Name())
	if err != nil {
		return "", 0, err
	}
	if filepath.Dir(file) == filepath.Dir(path) {
		if err := database.Adopt(temporary.Name()); err != nil {
			return "", 0, err
		}
	}
	if err := publish(temporary.Name(), file); err != nil {
		return "", 0, err
	}
	return file, info.Size(), nil
}

// standsAlone refuses a name that SQLite would read together with another
// file: what lies beside it as its log would change what the copy says, and the
// copy itself would be taken for the log of a database, and removed.
func standsAlone(file string) error {
	for _, ending := range besideDatabase {
		if _, err := os.Lstat(file + ending); err == nil {
			return &fs.PathError{Op: "create", Path: file, Err: fmt.Errorf("%s is left of another database: move it away, or choose another name", file+ending)}
		}
		if database, beside := strings.CutSuffix(file, ending); beside {
			if _, err := os.Lstat(database); err == nil {
				return &fs.PathError{Op: "create", Path: file, Err: fmt.Errorf("it would be taken for a part of the database %s: choose another name", database)}
			}
		}
	}
	return nil
}

// copyDatabase fills an empty file with the database at path, if check (which
// may be nil) finds nothing wrong with it.
func copyDatabase(ctx context.Context, path, into string, check func(context.Context, *sql.DB) error) error {
	var failure error
	for _, query := range waysToRead(path) {
		query.Add("_pragma", fmt.Sprintf("busy_timeout(%d)", database.BusyTimeout.Milliseconds()))
		query.Add("_pragma", database.TemporaryFilesIn(filepath.Dir(into)))
		if failure = vacuumInto(ctx, database.URI(path, query), into, check); !cannotOpen(failure) {
			break
		}
	}
	return failure
}

// waysToRead says how to open a database so that nothing about it changes.
//
// Where there is a log it is read, and stays: a connection that can only read
// cannot write it back when it is closed, as the last one that can write does.
// Where there is none it is the other way round: one that can only read would
// leave an empty log behind, one that can write takes it away again. On a
// medium that cannot be written nothing else can change the file either.
func waysToRead(path string) []url.Values {
	if _, err := os.Stat(path + "-wal"); err == nil {
		return []url.Values{{"mode": {"ro"}}}
	}
	return []url.Values{{"mode": {"rw"}}, {"mode": {"ro"}, "immutable": {"1"}}}
}

func vacuumInto(ctx context.Context, from, into string, check func(context.Context, *sql.DB) error) (err error) {
	db, err := sql.Open("sqlite", from)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	if check != nil {
		if err := check(ctx, db); err != nil {
			return err
		}
	}
	_, err = db.ExecContext(ctx, `VACUUM INTO $1`, into)
	return err
}

// cannotOpen reports whether SQLite could not make the files that it needs
// beside a database.
func cannotOpen(err error) bool {
	code := database.Code(err)
	return code == sqlite3.SQLITE_CANTOPEN || code == sqlite3.SQLITE_READONLY
}

// link is os.Link, but in tests of file systems that have none.
var link = os.Link

// publish gives a whole file on disk its name, and never takes the place of
// another one.
func publish(temporary, file string) error {
	err := link(temporary, file)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		// Some file systems have no links. There the name is taken first, so
		// that nobody else gets it.
		err = claim(temporary, file)
	}
	if err != nil {
		return err
	}
	return syncDirectory(filepath.Dir(file))
}

func claim(temporary, file string) error {
	place, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err := place.Close(); err != nil {
		return err
	}
	return os.Rename(temporary, file)
}

// syncDirectory makes the names in a directory survive a loss of power, on all
// file systems that can be asked to.
func syncDirectory(path string) error {
	directory, err := os.Open(path)
	if err != nil {
		return err
	}
	err = directory.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP) {
		err = nil
	}
	return errors.Join(err, directory.Close())
}
