// Package backup copies a database while it is in use, and puts a copy in the
// place of the database, completely or not at all. It builds on database and
// store; revoking sessions after a restore is left to the caller.
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

	"lychgate/server/database"
)

// Create writes a consistent copy of the database at path to a file, while the
// database may be in use, and returns the file's path and size in bytes. With
// replace it takes the place of an earlier backup in one step; nothing else is
// ever replaced. The file appears complete or not at all, readable only by its
// owner. The database stays unchanged, whatever its schema, as do the files
// beside it, so that the old version can open a copy made before an upgrade. The
// secret is not included.
func Create(ctx context.Context, path, file string, replace bool) (written string, size int64, err error) {
	// Absolute, so that SQLite does not take a name for a URI.
	if path, err = filepath.Abs(path); err != nil {
		return "", 0, err
	}
	if strings.HasSuffix(file, string(filepath.Separator)) {
		return "", 0, &fs.PathError{Op: "create", Path: file, Err: errors.New("this is a directory; add a file name")}
	}
	if file, err = filepath.Abs(file); err != nil {
		return "", 0, err
	}
	if info, err := os.Lstat(file); err == nil {
		if !replace {
			return "", 0, &fs.PathError{Op: "create", Path: file, Err: syscall.EEXIST}
		}
		if err := isBackup(file, info, path); err != nil {
			return "", 0, err
		}
	}
	if err := standsAlone(file); err != nil {
		return "", 0, err
	}
	// Create the file here, so that nobody else can read it; SQLite fills an
	// empty file.
	temporary, err := os.CreateTemp(filepath.Dir(file), ".lychgate-backup-*")
	if err != nil {
		return "", 0, cannotMake(file, err)
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
	name := publish
	if replace {
		name = replaceWith
	}
	if err := name(temporary.Name(), file); err != nil {
		return "", 0, err
	}
	return file, info.Size(), nil
}

// cannotMake says what helps where no file can be made.
func cannotMake(file string, err error) error {
	help := "choose another directory"
	switch {
	case errors.Is(err, fs.ErrNotExist):
		help = "make its directory first, or choose another one"
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		help = "choose a directory that the user running this command can write to"
	}
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err // the name of the temporary file says nothing to anybody
	}
	return &fs.PathError{Op: "create", Path: file, Err: fmt.Errorf("%w; %s", err, help)}
}

// isBackup returns an error unless a file looks like an earlier backup of a
// database: that itself, a secret or anything else with a mistyped name must not be
// replaced. An empty file is one whose backup was killed on a file system
// without links.
func isBackup(file string, info fs.FileInfo, of string) error {
	refused := &fs.PathError{Op: "replace", Path: file, Err: errors.New("this is not a backup, and only a backup is replaced: choose another name, or move it away")}
	if !info.Mode().IsRegular() {
		return refused
	}
	if present, err := os.Stat(of); err == nil && os.SameFile(info, present) {
		return refused // after a restore it looks like a backup
	}
	if info.Size() == 0 {
		return nil
	}
	header, err := database.ReadHeader(file)
	if err != nil {
		return err
	}
	if !header.IsDatabase() || header.WithLog() {
		return refused
	}
	return nil
}

// standsAlone refuses names that SQLite associates with other files: a leftover
// log beside the copy would alter its content, and a copy named like a
// database's log would be taken for it and removed.
func standsAlone(file string) error {
	for _, ending := range besideDatabase {
		if _, err := os.Lstat(file + ending); err == nil {
			return &fs.PathError{Op: "create", Path: file, Err: fmt.Errorf("%s is left over from another database: move it away, or choose another name", file+ending)}
		}
		if database, beside := strings.CutSuffix(file, ending); beside {
			if _, err := os.Lstat(database); err == nil {
				return &fs.PathError{Op: "create", Path: file, Err: fmt.Errorf("it would look like a part of the database %s: choose another name", database)}
			}
		}
	}
	return nil
}

// copyDatabase copies the database at path into an empty file, unless check
// (which may be nil) returns an error.
func copyDatabase(ctx context.Context, path, into string, check func(context.Context, *sql.DB) error) error {
	var failure error
	for _, query := range waysToRead(path) {
		query.Add("_pragma", fmt.Sprintf("busy_timeout(%d)", database.BusyTimeout.Milliseconds()))
		query.Add("_pragma", database.TemporaryFilesIn(filepath.Dir(into)))
		if failure = vacuumInto(ctx, database.URI(path, query), into, check); !database.IsUnwritable(failure) {
			break
		}
	}
	return failure
}

// waysToRead returns ways of opening a database that leave it unchanged.
//
// If there is a log, a read-only connection reads it and leaves it, whereas the
// last writable one would write it back on closing. Without a log, a read-only
// connection would leave an empty one behind, and a writable one removes it. On
// a read-only medium nothing else can change the file.
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

// link is os.Link, replaced in tests of file systems without links.
var link = os.Link

// publish gives a complete file its name, never replacing another file.
func publish(temporary, file string) error {
	err := link(temporary, file)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		// Some file systems have no links. There, reserve the name first.
		err = claim(temporary, file)
	}
	if err != nil {
		return err
	}
	return syncDirectory(filepath.Dir(file))
}

// replaceWith gives a complete file the name of an earlier one, in one step.
func replaceWith(temporary, file string) error {
	if err := os.Rename(temporary, file); err != nil {
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

// syncDirectory makes names in a directory durable, on file systems that
// support it.
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
