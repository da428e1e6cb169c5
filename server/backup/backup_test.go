package backup_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"lychgate/server/backup"
	"lychgate/server/store"
	"lychgate/server/store/storetest"
)

// Helpers shared by tests of database files.
var (
	path, open         = storetest.Path, storetest.Open
	create, mustCreate = storetest.Create, storetest.MustCreate
	stranger, execute  = storetest.Stranger, storetest.Execute
	made, applied      = storetest.Made, storetest.Applied
)

// migrations are the program's migrations.
var migrations = os.DirFS("../store")

func tree(t *testing.T, upTo int) fs.FS { return storetest.Tree(t, migrations, upTo) }

const someone = storetest.Someone

func TestBackupBesideWrites(t *testing.T) {
	database := path(t)
	s := open(t, database)
	mustCreate(t, s, "before")
	stop, stopped := make(chan struct{}), make(chan error, 1)
	go func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				stopped <- nil
				return
			default:
				if err := create(t.Context(), s, "during"+strconv.Itoa(i)); err != nil {
					stopped <- err
					return
				}
			}
		}
	}()
	file := path(t)
	if written, size, err := backup.Create(t.Context(), database, file, false); err != nil || written != file || size == 0 {
		t.Fatalf("%q, %d bytes, %v", written, size, err)
	}
	close(stop)
	if err := <-stopped; err != nil {
		t.Errorf("a write beside the backup: %v", err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the backup: %v, %v", info, err)
	}
	if _, _, err := backup.Create(t.Context(), database, file, false); !errors.Is(err, fs.ErrExist) {
		t.Errorf("over another file: %v", err)
	}
	if _, err := open(t, file).Read().User(t.Context(), "before"); err != nil {
		t.Errorf("in the backup: %v", err)
	}
}

// files returns a directory's files with everything a change would show in. The
// log's index is shared memory and left out.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(entry.Name(), "-shm") {
			all[entry.Name()] = "an index"
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all[entry.Name()] = fmt.Sprintf("%v %v %x", info.Mode(), info.ModTime(), sha256.Sum256(text))
	}
	return all
}

// killed returns a database as a killed process leaves it, with a log not
// written back.
func killed(t *testing.T, people ...string) string {
	t.Helper()
	living := path(t)
	s := open(t, living)
	for _, id := range people {
		mustCreate(t, s, id)
	}
	return copyFiles(t, living)
}

// copyFiles copies a database and the files beside it.
func copyFiles(t *testing.T, living string) string {
	t.Helper()
	file := path(t)
	for _, ending := range []string{"", "-wal", "-shm"} {
		text, err := os.ReadFile(living + ending)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file+ending, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return file
}

func closed(t *testing.T, people ...string) string {
	t.Helper()
	file := path(t)
	s, err := store.Open(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range people {
		mustCreate(t, s, id)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestBackupChangesNothing(t *testing.T) {
	for name, prepare := range map[string]func(t *testing.T) string{
		"of one that is closed": func(t *testing.T) string { return closed(t, "ada") },
		"of one that is open": func(t *testing.T) string {
			file := path(t)
			mustCreate(t, open(t, file), "ada")
			return file
		},
		"of one that was killed": func(t *testing.T) string { return killed(t, "ada") },
		"of an older schema": func(t *testing.T) string {
			file := path(t)
			made(t, file, tree(t, 1))
			other := stranger(t, file)
			execute(t, other, "PRAGMA journal_mode = DELETE")
			execute(t, other, someone)
			return file
		},
		"of a newer schema": func(t *testing.T) string {
			file := closed(t, "ada")
			other := stranger(t, file)
			execute(t, other, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)")
			return file
		},
		"without locks beside it": func(t *testing.T) string {
			file := closed(t, "ada")
			if err := errors.Join(os.Remove(file+".lock"), os.Remove(file+".in-use")); err != nil {
				t.Fatal(err)
			}
			return file
		},
	} {
		t.Run(name, func(t *testing.T) {
			file := prepare(t)
			before := files(t, filepath.Dir(file))
			copied := path(t)
			if _, _, err := backup.Create(t.Context(), file, copied, false); err != nil {
				t.Fatal(err)
			}
			if after := files(t, filepath.Dir(file)); !maps.Equal(after, before) {
				t.Errorf("there was %v\nthere is %v", before, after)
			}
			if left := slices.Collect(maps.Keys(files(t, filepath.Dir(copied)))); len(left) != 1 {
				t.Errorf("beside the copy there is: %v", left)
			}
			var people int
			other := stranger(t, copied)
			if err := other.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM users WHERE id = 'ada'").Scan(&people); err != nil || people != 1 {
				t.Errorf("in the copy: %d, %v", people, err)
			}
			if got, want := applied(t, copied), applied(t, file); !slices.Equal(got, want) {
				t.Errorf("the copy has seen %v, want %v", got, want)
			}
		})
	}
}

// Paths are taken literally, and no existing file is replaced.
func TestBackupPaths(t *testing.T) {
	database := closed(t, "ada")
	for _, links := range []bool{true, false} {
		t.Run(fmt.Sprintf("links=%v", links), func(t *testing.T) {
			if !links {
				defer backup.RefuseLinks()()
			}
			for _, name := range []string{
				"nightly.db", "file:nightly.db", ":memory:", "file::memory:?cache=shared", "a?mode=memory", "what?", "#1", "50%", "%41", "with space", "'quote\"", "back\\slash", "star*", "ärger 李", "-rf",
			} {
				dir := t.TempDir()
				t.Chdir(dir)
				want := filepath.Join(dir, name)
				written, size, err := backup.Create(t.Context(), database, name, false)
				info, statErr := os.Lstat(want)
				if err != nil || written != want || statErr != nil || info.Size() != size || info.Mode() != 0o600 || size == 0 {
					t.Errorf("%q: %q, %d bytes, %v; %v, %v", name, written, size, err, info, statErr)
				}
				if all := files(t, dir); len(all) != 1 {
					t.Errorf("%q: there is %v", name, all)
				}
				before := files(t, dir)
				if _, _, err := backup.Create(t.Context(), database, name, false); !errors.Is(err, fs.ErrExist) {
					t.Errorf("%q again: %v", name, err)
				}
				if after := files(t, dir); !maps.Equal(after, before) {
					t.Errorf("%q again: there is %v", name, after)
				}
			}
			dir := t.TempDir()
			if err := errors.Join(os.Mkdir(filepath.Join(dir, "directory"), 0o700), os.Symlink("nowhere", filepath.Join(dir, "dangling"))); err != nil {
				t.Fatal(err)
			}
			for _, name := range []string{"directory", "directory/", "dangling", "missing/", "missing/copy.db"} {
				if _, _, err := backup.Create(t.Context(), database, dir+"/"+name, false); err == nil || !strings.Contains(err.Error(), dir) {
					t.Errorf("%q: %v", name, err)
				}
			}
			entries, err := os.ReadDir(dir)
			if err != nil || len(entries) != 2 {
				t.Errorf("there is %v, %v", entries, err)
			}
		})
	}
}

// A backup is complete or absent, also if interrupted or if the database is
// damaged.
func TestBackupThatFailsLeavesNothing(t *testing.T) {
	ended, end := context.WithCancel(t.Context())
	end()
	damaged := path(t)
	if err := os.WriteFile(damaged, []byte(strings.Repeat("no database ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, attempt := range map[string]func(file string) error{
		"interrupted": func(file string) error { _, _, err := backup.Create(ended, closed(t, "ada"), file, false); return err },
		"damaged":     func(file string) error { _, _, err := backup.Create(t.Context(), damaged, file, false); return err },
		"missing":     func(file string) error { _, _, err := backup.Create(t.Context(), damaged+"2", file, false); return err },
	} {
		file := path(t)
		if err := attempt(file); err == nil {
			t.Errorf("%s: it went well", name)
		}
		if left := files(t, filepath.Dir(file)); len(left) != 0 {
			t.Errorf("%s: it left %v", name, left)
		}
	}
}
