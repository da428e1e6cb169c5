package backup_test

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"lychgate/server/backup"
	"lychgate/server/store"
	"lychgate/server/store/storetest"
)

var restoredAt = time.Date(2026, time.November, 28, 21, 30, 0, 0, time.UTC)

const keptEnding = ".before-restore-20261128T213000Z"

func copyOf(t *testing.T, database string) string {
	t.Helper()
	file := path(t)
	if _, _, err := backup.Create(t.Context(), database, file, false); err != nil {
		t.Fatal(err)
	}
	return file
}

func restore(t *testing.T, database, file string) (kept string, err error) {
	t.Helper()
	r, err := backup.Restore(t.Context(), database, file)
	if err != nil {
		return "", err
	}
	kept, err = r.Replace(t.Context(), restoredAt)
	return kept, errors.Join(err, r.Close())
}

// people returns the accounts of a database in order, opening it as a server
// does.
func people(t *testing.T, database string) (ids []string) {
	t.Helper()
	s, err := store.Open(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for user, err := range s.Read().Users(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, user.ID)
	}
	return ids
}

func TestRestore(t *testing.T) {
	copied := copyOf(t, closed(t, "ada"))
	for name, test := range map[string]struct {
		database func(t *testing.T) string
		kept     []string // people; nil where nothing was there
	}{
		"over one that is closed":  {func(t *testing.T) string { return closed(t, "ada", "bob") }, []string{"ada", "bob"}},
		"over one that was killed": {func(t *testing.T) string { return killed(t, "ada", "bob") }, []string{"ada", "bob"}},
		"where there is none":      {path, nil},
		"where only a log is left": {func(t *testing.T) string {
			file := killed(t, "bob")
			if err := os.Remove(file); err != nil {
				t.Fatal(err)
			}
			return file
		}, nil},
		"over one that is a link": {func(t *testing.T) string {
			file := path(t)
			if err := os.Symlink(closed(t, "bob"), file); err != nil {
				t.Fatal(err)
			}
			return file
		}, []string{"bob"}},
	} {
		for _, links := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, links=%v", name, links), func(t *testing.T) {
				if !links {
					defer backup.RefuseLinks()()
				}
				database := test.database(t)
				kept, err := restore(t, database, copied)
				if err != nil {
					t.Fatal(err)
				}
				if info, err := os.Stat(database); err != nil || info.Mode() != 0o600 {
					t.Errorf("the database: %v, %v", info, err)
				}
				if got := people(t, database); !slices.Equal(got, []string{"ada"}) {
					t.Errorf("people %q", got)
				}
				if test.kept != nil {
					if !strings.HasSuffix(kept, "lychgate.db"+keptEnding) {
						t.Errorf("kept as %q", kept)
					}
					if got := people(t, kept); !slices.Equal(got, test.kept) {
						t.Errorf("kept people %q", got)
					}
				}
				if left, err := filepath.Glob(filepath.Dir(database) + "/.lychgate*"); err != nil || len(left) != 0 {
					t.Errorf("it left %v, %v", left, err)
				}
				// A second time, within the same second.
				again, err := restore(t, database, copied)
				if err != nil || again == kept || !slices.Equal(people(t, again), []string{"ada"}) {
					t.Errorf("again: kept as %q, %v", again, err)
				}
			})
		}
	}
}

// A refused restore changes nothing.
func TestRestoreRefuses(t *testing.T) {
	write := func(t *testing.T, text []byte) string {
		t.Helper()
		file := path(t)
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	good, err := os.ReadFile(copyOf(t, closed(t, "ada")))
	if err != nil {
		t.Fatal(err)
	}
	torn := slices.Clone(good)
	copy(torn[2*4096:], make([]byte, 8*4096))
	for _, test := range []struct {
		name string
		file func(t *testing.T) string
		want string
	}{
		{"no file", path, "no such file"},
		{"a directory", func(t *testing.T) string { return t.TempDir() }, "this is not a backup"},
		{"an empty file", func(t *testing.T) string { return write(t, nil) }, "this is not a backup"},
		{"garbage", func(t *testing.T) string { return write(t, []byte(strings.Repeat("garbage ", 1000))) }, "this is not a backup"},
		{"a header alone", func(t *testing.T) string { return write(t, good[:100]) }, "damaged"},
		{"one that was cut off", func(t *testing.T) string { return write(t, good[:len(good)/2]) }, "damaged"},
		{"one less its last page", func(t *testing.T) string { return write(t, good[:len(good)-4096]) }, "damaged"},
		{"one with torn pages", func(t *testing.T) string { return write(t, torn) }, "damaged"},
		{"a database of another program", func(t *testing.T) string {
			file := path(t)
			execute(t, stranger(t, file), "CREATE TABLE users (id TEXT)")
			return file
		}, "another program"},
		{"one of another program that uses goose", func(t *testing.T) string {
			file := path(t)
			execute(t, stranger(t, file), "CREATE TABLE goose_db_version (id INTEGER PRIMARY KEY AUTOINCREMENT, version_id INTEGER, is_applied INTEGER, tstamp TEXT); INSERT INTO goose_db_version (version_id, is_applied) VALUES (0, 1), (1, 1)")
			return file
		}, "another program"},
		{"an empty database", func(t *testing.T) string {
			file := path(t)
			execute(t, stranger(t, file), "PRAGMA journal_mode = WAL")
			return file
		}, "this copy is empty"},
		{"a newer schema", func(t *testing.T) string {
			file := closed(t, "ada")
			execute(t, stranger(t, file), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)")
			return file
		}, "written by a newer version (schema 9999"},
	} {
		t.Run(test.name, func(t *testing.T) {
			database, file := closed(t, "bob"), test.file(t)
			before := files(t, filepath.Dir(database))
			if _, err := restore(t, database, file); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
			if after := files(t, filepath.Dir(database)); !maps.Equal(after, before) {
				t.Errorf("there was %v\nthere is %v", before, after)
			}
		})
	}
	t.Run("the database itself", func(t *testing.T) {
		database := closed(t, "bob")
		if _, err := restore(t, database, database); err == nil || !strings.Contains(err.Error(), "the database itself") {
			t.Errorf("error %v", err)
		}
	})
}

// Copied files of a running server are a backup only as far as they are
// consistent: without the log they contain what was written back.
func TestRestoreOfCopiedFiles(t *testing.T) {
	both, alone := killed(t, "ada"), killed(t, "ada")
	if err := errors.Join(os.Remove(alone+"-wal"), os.Remove(alone+"-shm")); err != nil {
		t.Fatal(err)
	}
	before := files(t, filepath.Dir(both))
	database := closed(t, "bob")
	if _, err := restore(t, database, both); err != nil || !slices.Equal(people(t, database), []string{"ada"}) {
		t.Errorf("with its log: %v", err)
	}
	if after := files(t, filepath.Dir(both)); !maps.Equal(after, before) {
		t.Error("the copy was changed")
	}
	database = closed(t, "bob")
	if _, err := restore(t, database, alone); err == nil || !strings.Contains(err.Error(), "lychgate backup") || !slices.Equal(people(t, database), []string{"bob"}) {
		t.Errorf("without its log: %v", err)
	}
}

// An older copy keeps its schema, and everything in it is revoked.
func TestRestoreOfOlderSchemas(t *testing.T) {
	for version := 1; version <= storetest.Latest(t, migrations); version++ {
		file := path(t)
		made(t, file, tree(t, version))
		execute(t, stranger(t, file), someone)
		database := closed(t, "bob")
		r, err := backup.Restore(t.Context(), database, file)
		if err != nil {
			t.Fatal(err)
		}
		if r.Schema != int64(version) || r.Newest != int64(storetest.Latest(t, migrations)) {
			t.Errorf("schema %d, newest %d", r.Schema, r.Newest)
		}
		if count, err := r.Copy.Read().CountUsers(t.Context()); err != nil || count != 1 {
			t.Errorf("%d accounts, %v", count, err)
		}
		err = r.Copy.WriteLong(t.Context(), func(q *store.Queries) error {
			revoked, err := q.RevokeAllSessions(t.Context(), restoredAt)
			if revoked != 1 {
				t.Errorf("%d sessions revoked", revoked)
			}
			return errors.Join(err,
				q.SetSigningKeysBack(t.Context(), time.Hour),
				q.CreateSigningKey(t.Context(), store.SigningKey{ID: "new", Sealed: []byte("x"), CreatedAt: restoredAt}),
				q.Audit(t.Context(), store.AuditLine{At: restoredAt, Event: "database_restored", Outcome: "success", Actor: "operator"}))
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Replace(t.Context(), restoredAt); err != nil {
			t.Fatal(err)
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		if got := applied(t, database); len(got) != version {
			t.Errorf("migrations %v, want %d", got, version)
		}
		s := open(t, database)
		if session, err := s.Read().Session(t.Context(), "one"); err != nil || !session.Revoked {
			t.Errorf("session %+v, %v", session, err)
		}
		var revoked []string
		s.Listen(store.SessionChange, func(ids []string) { revoked = append(revoked, ids...) })
		if err := s.Poll(t.Context()); err != nil || !slices.Equal(revoked, []string{"two", "one"}) {
			t.Errorf("revoked %q, %v", revoked, err)
		}
		if keys, err := s.Read().SigningKeys(t.Context()); err != nil || len(keys) != 2 || keys[0].ID != "new" {
			t.Errorf("keys %+v, %v", keys, err)
		}
		if found, err := s.Read().Audited(t.Context(), "database_restored", restoredAt, restoredAt); err != nil || !found {
			t.Errorf("in the audit log: %v, %v", found, err)
		}
	}
}

// Nobody may have the database open, using our locks or not, and nobody can
// open it meanwhile.
func TestRestoreNeedsTheDatabaseForItself(t *testing.T) {
	copied := copyOf(t, closed(t, "ada"))
	t.Run("a server", func(t *testing.T) {
		database := path(t)
		mustCreate(t, open(t, database), "bob")
		if _, err := restore(t, database, copied); !errors.Is(err, backup.ErrInUse) {
			t.Errorf("error %v", err)
		}
	})
	t.Run("a program that knows no lock of ours", func(t *testing.T) {
		database := killed(t, "bob")
		other := stranger(t, database)
		var count int
		if err := other.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM users").Scan(&count); err != nil {
			t.Fatal(err)
		}
		if _, err := restore(t, database, copied); !errors.Is(err, backup.ErrInUse) {
			t.Errorf("error %v", err)
		}
		execute(t, other, "UPDATE users SET name = 'still there'")
	})
	t.Run("one that starts meanwhile waits", func(t *testing.T) {
		database := closed(t, "bob")
		r, err := backup.Restore(t.Context(), database, copied)
		if err != nil {
			t.Fatal(err)
		}
		waits := make(chan string, 1)
		opened := make(chan error, 1)
		go func() {
			s, _, err := store.Opener{Waits: func(what string) { waits <- what }}.Migrate(t.Context(), database)
			if err == nil {
				_, err = s.Read().User(t.Context(), "ada")
				err = errors.Join(err, s.Close())
			}
			opened <- err
		}()
		select {
		case err := <-opened:
			t.Fatalf("it did not wait: %v", err)
		case what := <-waits:
			if !strings.Contains(what, "lychgate restore") {
				t.Errorf("it waits for %q", what)
			}
		}
		if _, err := r.Replace(t.Context(), restoredAt); err != nil {
			t.Fatal(err)
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		if err := <-opened; err != nil {
			t.Errorf("it opened the old one: %v", err)
		}
	})
}

// A database too damaged to close is kept with its log, away from the new one.
func TestRestoreOverADamagedDatabase(t *testing.T) {
	living := closed(t, "bob") // so that the log does not hold all of it
	mustCreate(t, open(t, living), "carol")
	database := copyFiles(t, living)
	if err := os.WriteFile(database, []byte(strings.Repeat("damaged ", 2000)), 0o600); err != nil {
		t.Fatal(err)
	}
	log, err := os.ReadFile(database + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	kept, err := restore(t, database, copyOf(t, closed(t, "ada")))
	if err != nil {
		t.Fatal(err)
	}
	if got := people(t, database); !slices.Equal(got, []string{"ada"}) {
		t.Errorf("people %q", got)
	}
	if text, err := os.ReadFile(kept); err != nil || !strings.HasPrefix(string(text), "damaged ") {
		t.Errorf("the old one: %v", err)
	}
	if text, err := os.ReadFile(kept + "-wal"); err != nil || string(text) != string(log) {
		t.Errorf("its log: %v", err)
	}
}

// Killed after any step, a restore leaves the old database or the new one,
// complete.
func TestRestoreThatIsKilled(t *testing.T) {
	if step := os.Getenv("KILL_RESTORE_AFTER"); step != "" {
		r, err := backup.Restore(t.Context(), os.Getenv("KILL_RESTORE_DATABASE"), os.Getenv("KILL_RESTORE_FILE"))
		if err != nil {
			t.Fatal(err)
		}
		r.After(func(done string) {
			if done == step {
				syscall.Kill(os.Getpid(), syscall.SIGKILL)
				select {}
			}
		})
		_, err = r.Replace(t.Context(), restoredAt)
		t.Fatalf("it was not killed: %v", err)
	}
	copied := copyOf(t, closed(t, "ada"))
	for step, want := range map[string][]string{
		"staged": {"ada", "bob"}, "log folded in": {"ada", "bob"}, "old one kept": {"ada", "bob"}, "new one in place": {"ada"},
	} {
		t.Run(step, func(t *testing.T) {
			database := killed(t, "ada", "bob")
			child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestRestoreThatIsKilled$")
			child.Env = append(os.Environ(), "KILL_RESTORE_AFTER="+step, "KILL_RESTORE_DATABASE="+database, "KILL_RESTORE_FILE="+copied)
			output, err := child.CombinedOutput()
			var failed *exec.ExitError
			if !errors.As(err, &failed) || failed.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
				t.Fatalf("%v: %s", err, output)
			}
			if got := people(t, database); !slices.Equal(got, want) {
				t.Errorf("people %q, want %q", got, want)
			}
			// A second restore works and removes the leftovers of the first.
			if _, err := restore(t, database, copied); err != nil {
				t.Fatal(err)
			}
			if got := people(t, database); !slices.Equal(got, []string{"ada"}) {
				t.Errorf("restored again: %q", got)
			}
			if left, err := filepath.Glob(filepath.Dir(database) + "/.lychgate*"); err != nil || len(left) != 0 {
				t.Errorf("it left %v, %v", left, err)
			}
		})
	}
}
