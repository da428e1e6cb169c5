package backup

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/gofrs/flock"
	sqlite3 "modernc.org/sqlite/lib"

	"lychgate/server/database"
	"lychgate/server/store"
)

// ErrInUse is returned by Restore if the database is open somewhere.
var ErrInUse = errors.New("the database is in use: stop the server and every other command first")

const stagingPrefix = ".lychgate-restore-"

// Restoring is a checked copy ready to replace a database. It is staged in its
// own directory beside the database, which nobody can open until Close.
type Restoring struct {
	Copy   *store.Store // may be changed before Replace
	Schema int64        // of the copy, which is not migrated
	Newest int64        // of this program

	path    string // of the database to replace
	staging string // the directory
	inUse   *flock.Flock
	step    func(string) // for tests: called after each step of Replace
}

// Restore stages a copy of a backup, or of a database with its log, next to the
// database at path, and checks that it is undamaged, a Lychgate database, and
// not newer than this program. It returns ErrInUse while anybody has the
// database open. The caller must close the result.
func Restore(ctx context.Context, path, file string) (_ *Restoring, err error) {
	if path, err = filepath.Abs(path); err != nil {
		return nil, err
	}
	if file, err = filepath.Abs(file); err != nil {
		return nil, err
	}
	if err := looksLikeDatabase(file, path); err != nil {
		return nil, err
	}
	r := &Restoring{path: path, inUse: database.InUse(path)}
	defer func() {
		if err != nil {
			err = errors.Join(err, r.Close())
		}
	}()
	free, err := r.inUse.TryLock()
	if err != nil {
		return nil, err
	}
	if !free {
		return nil, ErrInUse
	}
	if err := database.Adopt(r.inUse.Path()); err != nil {
		return nil, err
	}
	// If the database is a symbolic link, replace its target.
	if target, err := filepath.EvalSymlinks(path); err == nil {
		r.path = target
	}
	if err := r.stage(ctx, file); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return r, nil
}

func looksLikeDatabase(file, path string) error {
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	if present, err := os.Stat(path); err == nil && os.SameFile(info, present) {
		return fmt.Errorf("%s: this is the database itself", file)
	}
	var first database.Header
	if info.Mode().IsRegular() {
		if first, err = database.ReadHeader(file); err != nil {
			return err
		}
	}
	if !first.IsDatabase() {
		return fmt.Errorf("%s: this is not a backup (not a SQLite database)", file)
	}
	// SQLite reads any log beside a file, whatever it belongs to. A backup has
	// none.
	log, err := os.Stat(file + "-wal")
	if err == nil && log.Size() > 0 && !first.WithLog() {
		return fmt.Errorf("%s: the write-ahead log beside it is of another database: move %s away", file, file+"-wal")
	}
	return nil
}

// stage creates the copy and opens it.
func (r *Restoring) stage(ctx context.Context, file string) error {
	directory := filepath.Dir(r.path)
	// Leftovers of killed restores.
	left, err := filepath.Glob(filepath.Join(database.EscapeGlob(directory), stagingPrefix+"*"))
	if err != nil {
		return err
	}
	for _, old := range left {
		if err := os.RemoveAll(old); err != nil {
			return err
		}
	}
	if r.staging, err = os.MkdirTemp(directory, stagingPrefix+"*"); err != nil {
		return err
	}
	made, err := os.OpenFile(r.staged(), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err := made.Close(); err != nil {
		return err
	}
	if err := copyDatabase(ctx, file, r.staged(), func(ctx context.Context, db *sql.DB) (err error) {
		if err := isWhole(ctx, db); err != nil {
			return err
		}
		r.Schema, r.Newest, err = store.CheckCopy(ctx, db)
		return err
	}); err != nil {
		return err
	}
	r.Copy, err = store.OpenCopy(r.staged(), r.Schema)
	return err
}

func (r *Restoring) staged() string { return filepath.Join(r.staging, "lychgate.db") }

// isWhole returns an error for a damaged copy.
func isWhole(ctx context.Context, db *sql.DB) error {
	var verdict string
	err := db.QueryRowContext(ctx, `PRAGMA integrity_check(1)`).Scan(&verdict)
	if database.IsDamaged(err) {
		verdict, err = err.Error(), nil
	}
	if err == nil && verdict != "ok" {
		return fmt.Errorf("this copy is damaged (%s): use another one, and copy a running server with lychgate backup", verdict)
	}
	return err
}

// Replace puts the copy in the place of the database, keeps the old one as
// NAME.before-restore-TIME, and returns that path; it is empty if there was
// none. Whenever the process is killed, either the old or the new database is
// there, complete: the old one gets a second name first, then the new one takes
// over its name in one step. It returns ErrInUse if a program that ignores our
// locks has the database open.
func (r *Restoring) Replace(ctx context.Context, at time.Time) (kept string, err error) {
	err = r.Copy.Close()
	r.Copy = nil
	if err != nil {
		return "", err
	}
	if err := errors.Join(database.AdoptFor(r.staged(), filepath.Dir(r.path)), syncFile(r.staged())); err != nil {
		return "", err
	}
	r.did("staged")
	// A log left beside the copy would undo the restore.
	if err := foldLogIn(ctx, r.path); err != nil {
		return "", err
	}
	r.did("log folded in")
	if kept, err = r.keepOld(at); err != nil {
		return "", err
	}
	r.did("old one kept")
	if err := os.Rename(r.staged(), r.path); err != nil {
		return "", err
	}
	r.did("new one in place")
	return kept, syncDirectory(filepath.Dir(r.path))
}

func (r *Restoring) did(step string) {
	if r.step != nil {
		r.step(step)
	}
}

// foldLogIn writes a database's log, if any, back into it, which needs
// exclusive access. A database too damaged for that stays as it is.
func foldLogIn(ctx context.Context, path string) (err error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	query := url.Values{"mode": {"rw"}, "_pragma": {"busy_timeout(100)", database.TemporaryFilesIn(filepath.Dir(path))}}
	db, err := sql.Open("sqlite", database.URI(path, query))
	if err != nil {
		return err
	}
	defer func() {
		if closeErr := db.Close(); closeErr != nil && !database.IsDamaged(closeErr) {
			err = errors.Join(err, closeErr)
		}
	}()
	db.SetMaxOpenConns(1)
	var mode string
	err = db.QueryRowContext(ctx, `PRAGMA journal_mode = DELETE`).Scan(&mode)
	switch {
	case database.Code(err) == sqlite3.SQLITE_BUSY:
		return ErrInUse
	case database.IsDamaged(err):
		return nil
	case err != nil:
		return fmt.Errorf("close the current database %s: %w", path, err)
	case mode != "delete":
		return fmt.Errorf("close the current database %s: its journal mode is still %s", path, mode)
	}
	return nil
}

// besideDatabase are the suffixes of the files SQLite keeps beside a database.
var besideDatabase = []string{"-wal", "-shm", "-journal"}

// keepOld gives the old database a second name, and moves files left beside a
// damaged one along.
func (r *Restoring) keepOld(at time.Time) (kept string, err error) {
	name := r.path + ".before-restore-" + at.UTC().Format("20060102T150405Z")
	kept = name
	for i := 2; anyExists(kept); i++ {
		kept = name + "-" + strconv.Itoa(i)
	}
	err = linkOrCopy(r.path, kept)
	there := err == nil
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("keep the current database as %s: %w", kept, err)
	}
	for _, ending := range besideDatabase {
		if err := os.Rename(r.path+ending, kept+ending); err == nil {
			there = true
		} else if !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
	}
	if !there {
		return "", nil
	}
	return kept, syncDirectory(filepath.Dir(r.path))
}

func anyExists(database string) bool {
	return slices.ContainsFunc(append([]string{""}, besideDatabase...), func(ending string) bool {
		_, err := os.Lstat(database + ending)
		return err == nil
	})
}

// linkOrCopy links a file to a second name, or copies it on file systems
// without links. It returns an error that wraps fs.ErrExist if the name is
// taken.
func linkOrCopy(from, to string) (err error) {
	if err := link(from, to); err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close() //nolint:errcheck // only read
	target, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(target, source)
	if err := errors.Join(err, target.Sync(), target.Close()); err != nil {
		return errors.Join(err, os.Remove(to))
	}
	return database.Adopt(to)
}

func syncFile(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}

// Close removes a copy that was not put in place, and lets others open the
// database.
func (r *Restoring) Close() error {
	var err error
	if r.Copy != nil {
		err = r.Copy.Close()
	}
	if r.staging != "" {
		err = errors.Join(err, os.RemoveAll(r.staging))
	}
	return errors.Join(err, r.inUse.Unlock())
}
