package database_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"lychgate/server/backup"
	"lychgate/server/database"
	"lychgate/server/store/storetest"
)

// Helpers shared by tests of database files.
var (
	path, open        = storetest.Path, storetest.Open
	made, mustCreate  = storetest.Made, storetest.MustCreate
	stranger, execute = storetest.Stranger, storetest.Execute
)

// migrations are the program's migrations.
var migrations = os.DirFS("../store")

// A waiting command is mostly inside a try for the lock.
func TestWaitsEndAmidATry(t *testing.T) {
	file := path(t)
	made(t, file, migrations)
	execute(t, stranger(t, file), "BEGIN IMMEDIATE")
	other := stranger(t, file)
	execute(t, other, "PRAGMA busy_timeout = 0")
	ctx, interrupt := context.WithCancel(t.Context())
	told := false
	err := database.Opener{Waits: func(string) { told = true }}.Retry(ctx, func() error {
		if told {
			interrupt()
		}
		_, err := other.ExecContext(ctx, "BEGIN IMMEDIATE")
		return err
	})
	if want := "interrupted while waiting for another process, which holds the lock of the database; nothing was changed"; err == nil || err.Error() != want {
		t.Errorf("error %v", err)
	}
}

func TestStatementsArePreparedOnce(t *testing.T) {
	db, _, err := database.Opener{Migrations: migrations}.Migrate(t.Context(), path(t))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for round := range 3 {
		rows, err := db.Reader.QueryContext(t.Context(), `SELECT id FROM users WHERE id = $1`, "ada")
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(rows.Close(), rows.Err()); err != nil {
			t.Fatal(err)
		}
		if err := db.Transact(t.Context(), func(run database.Runner) error {
			for range 2 {
				if _, err := run.ExecContext(t.Context(), `UPDATE users SET name = $1 WHERE id = $2`, "x", "ada"); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if read, write := db.Reader.Prepared(), db.Writer.Prepared(); read != 1 || write != 1 {
			t.Errorf("round %d: %d and %d are prepared, want one of each", round, read, write)
		}
	}
}

// nobody is a user who owns nothing else.
const nobody = 65534

func TestFilesOfRootBelongToTheOwnerOfTheDirectory(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root makes files for others")
	}
	file := path(t)
	dir := filepath.Dir(file)
	if err := os.Chown(dir, nobody, nobody); err != nil {
		t.Fatal(err)
	}
	owners := func() (all map[string]uint32) {
		t.Helper()
		all = map[string]uint32{}
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range entries {
			info, err := entry.Info()
			if err != nil {
				t.Fatal(err)
			}
			all[entry.Name()] = info.Sys().(*syscall.Stat_t).Uid
		}
		return all
	}
	s := open(t, file)
	mustCreate(t, s, "ada")
	if _, _, err := backup.Create(t.Context(), file, filepath.Join(dir, "copy.db"), false); err != nil {
		t.Fatal(err)
	}
	all := owners()
	if len(all) != 6 { // database, log, index of the log, two locks, copy
		t.Errorf("files %v", all)
	}
	for name, owner := range all {
		if owner != nobody {
			t.Errorf("%s belongs to %d", name, owner)
		}
	}

	// Files of an earlier version are handed over too; links elsewhere are not
	// followed.
	elsewhere := filepath.Join(t.TempDir(), "elsewhere")
	if err := os.WriteFile(elsewhere, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Chown(file+".lock", 0, 0), os.Symlink(elsewhere, filepath.Join(dir, "link")), os.Link(elsewhere, filepath.Join(dir, "name"))); err != nil {
		t.Fatal(err)
	}
	open(t, file)
	for _, name := range []string{"link", "name"} {
		if err := database.Adopt(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
	all = owners()
	if all["lychgate.db.lock"] != nobody {
		t.Error("the lock is still root's")
	}
	if info, err := os.Stat(elsewhere); err != nil || info.Sys().(*syscall.Stat_t).Uid != 0 {
		t.Error("a file elsewhere was given away")
	}
}
