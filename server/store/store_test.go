package store_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"lychgate/server/problem"
	"lychgate/server/store"
	"lychgate/server/store/feedtest"
	"lychgate/server/store/storetest"
)

func TestSQLite(t *testing.T) {
	storetest.Run(t, func(t *testing.T) *store.Store { return open(t, path(t)) })
	feedtest.Run(t, func(t *testing.T) *store.Store { return open(t, path(t)) })
}

// Helpers shared by tests of database files.
var (
	path, open         = storetest.Path, storetest.Open
	create, mustCreate = storetest.Create, storetest.MustCreate
	stranger, execute  = storetest.Stranger, storetest.Execute
	made, applied      = storetest.Made, storetest.Applied
)

func tree(t *testing.T, upTo int, more ...string) fs.FS {
	return storetest.Tree(t, store.Migrations(), upTo, more...)
}

func latest(t *testing.T) int { return storetest.Latest(t, store.Migrations()) }

const someone = storetest.Someone

func TestPragmasAreInForce(t *testing.T) {
	s := open(t, path(t))
	for _, test := range []struct {
		name   string
		db     *sql.DB
		pragma string
		want   string
	}{
		{"writer", s.Writer(), "journal_mode", "wal"},
		{"writer", s.Writer(), "synchronous", "2"},
		{"writer", s.Writer(), "foreign_keys", "1"},
		{"writer", s.Writer(), "busy_timeout", "5000"},
		{"writer", s.Writer(), "secure_delete", "1"},
		{"writer", s.Writer(), "query_only", "0"},
		{"reader", s.Reader(), "journal_mode", "wal"},
		{"reader", s.Reader(), "busy_timeout", "5000"},
		{"reader", s.Reader(), "query_only", "1"},
	} {
		// Every connection of the pool, those opened later included.
		var held []*sql.Conn
		for range test.db.Stats().MaxOpenConnections {
			connection, err := test.db.Conn(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			held = append(held, connection)
			var got string
			if err := connection.QueryRowContext(t.Context(), "PRAGMA "+test.pragma).Scan(&got); err != nil || got != test.want {
				t.Errorf("%s: %s is %q, %v, want %s", test.name, test.pragma, got, err, test.want)
			}
		}
		for _, connection := range held {
			if err := connection.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	if writers := s.Writer().Stats().MaxOpenConnections; writers != 1 {
		t.Errorf("%d connections write", writers)
	}
	// A mistaken write through Read fails.
	if err := s.Read().RememberAddress(t.Context(), "ada", "192.0.2.1", time.Now()); err == nil {
		t.Error("a reader writes")
	}
}

func TestPathsOfAllKinds(t *testing.T) {
	for _, name := range []string{
		"with space", "50%", "%41", "what?", "a?mode=memory&x", "#1", "ärger 李", "a&b=c", "semi;colon", "'quote\"", "+plus", "file:x", "back\\slash",
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), name)
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(dir, name+".db")
			mustCreate(t, open(t, file), "ada")
			if _, err := open(t, file).Read().User(t.Context(), "ada"); err != nil {
				t.Errorf("opened again: %v", err)
			}
			entries, err := os.ReadDir(filepath.Dir(dir))
			if err != nil || len(entries) != 1 {
				t.Errorf("something lies beside it: %v, %v", entries, err)
			}
			if info, err := os.Stat(file); err != nil || info.Size() == 0 {
				t.Errorf("it is not where it should be: %v, %v", info, err)
			}
		})
	}
	t.Run("relative", func(t *testing.T) {
		t.Chdir(t.TempDir())
		mustCreate(t, open(t, "lychgate.db"), "ada")
		t.Chdir(t.TempDir()) // a new connection must not look here
		s := open(t, "lychgate.db")
		if _, err := s.Read().User(t.Context(), "ada"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("another directory's database: %v", err)
		}
	})
}

func TestFilesAreForTheirOwnerAlone(t *testing.T) {
	file := path(t)
	s := open(t, file)
	mustCreate(t, s, "ada")
	if _, err := s.Read().User(t.Context(), "ada"); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(filepath.Dir(file))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil {
			t.Fatal(err)
		}
		seen[entry.Name()] = true
		if info.Mode() != 0o600 {
			t.Errorf("%s has mode %v", entry.Name(), info.Mode())
		}
	}
	for _, name := range []string{"lychgate.db", "lychgate.db-wal", "lychgate.db-shm"} {
		if !seen[name] {
			t.Errorf("%s is not there: %v", name, entries)
		}
	}
}

func TestManyOpenAFreshDatabaseAtOnce(t *testing.T) {
	file := path(t)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			s, err := store.Open(t.Context(), file)
			if err != nil {
				t.Error(err)
				return
			}
			err = create(t.Context(), s, string(rune('a'+i)))
			if err := errors.Join(err, s.Close()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	s := open(t, file)
	for i := range 8 {
		if _, err := s.Read().User(t.Context(), string(rune('a'+i))); err != nil {
			t.Errorf("what number %d wrote: %v", i, err)
		}
	}
}

func TestWriteWaitsForAnother(t *testing.T) {
	file := path(t)
	s := open(t, file)
	other := stranger(t, file)
	execute(t, other, "BEGIN IMMEDIATE")
	done := make(chan error, 1)
	go func() { done <- create(t.Context(), s, "ada") }()
	for s.Writer().Stats().InUse == 0 { // until it is about to ask for the lock
		select {
		case err := <-done:
			t.Fatalf("it did not wait: %v", err)
		default:
			runtime.Gosched()
		}
	}
	execute(t, other, "COMMIT")
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestALockThatIsHeldMakesWritesFailAndReadsGoOn(t *testing.T) {
	t.Parallel()
	file := path(t)
	s := open(t, file)
	mustCreate(t, s, "ada")
	other := stranger(t, file)
	execute(t, other, "BEGIN IMMEDIATE")

	// Waiting writers fail together with the first: no queue builds up.
	const writers = 4
	begun := time.Now()
	failed := make(chan error, writers)
	for i := range writers {
		go func() { failed <- create(t.Context(), s, string(rune('a'+i))) }()
	}
	for range writers {
		for waiting := true; waiting; {
			select {
			case err := <-failed:
				waiting = false
				var p *problem.Error
				if !errors.As(err, &p) || p.Kind != problem.Unavailable || p.RetryAfter <= 0 {
					t.Errorf("error %v, want a problem of kind Unavailable", err)
				}
			default:
				if _, err := s.Read().User(t.Context(), "ada"); err != nil {
					t.Fatalf("a read failed: %v", err)
				}
				time.Sleep(10 * time.Millisecond)
			}
		}
	}
	if took := time.Since(begun); took < 4*time.Second {
		t.Errorf("they waited for %v only", took)
	}
	execute(t, other, "COMMIT")
	mustCreate(t, s, "after")
	if _, err := s.Read().User(t.Context(), "a"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a write that failed has happened: %v", err)
	}
}

func TestClosingWritesTheLogBack(t *testing.T) {
	file := path(t)
	s, err := store.Open(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	mustCreate(t, s, "ada")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, left := range []string{file + "-wal", file + "-shm"} {
		if _, err := os.Stat(left); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s is left: %v", filepath.Base(left), err)
		}
	}
	// So the single file is a backup.
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	backup := path(t)
	if err := os.WriteFile(backup, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := open(t, backup).Read().User(t.Context(), "ada"); err != nil {
		t.Errorf("in the copy: %v", err)
	}
}

// A cancelled write returns its connection after Write has returned; Close
// waits for it.
func TestClosingAfterACancelledWriteWritesTheLogBack(t *testing.T) {
	for i := range 10 {
		path := path(t)
		s, err := store.Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		working := make(chan struct{})
		done := make(chan error)
		go func() {
			done <- s.Write(ctx, func(q *store.Queries) error {
				close(working)
				for { // until a statement finds that it was cancelled
					if err := q.CreateUser(ctx, store.User{ID: rand.Text(), Email: rand.Text()}); err != nil {
						return err
					}
				}
			})
		}()
		<-working
		cancel()
		if err := <-done; err == nil {
			t.Fatal("the write was not cancelled")
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(path + "-wal"); !errors.Is(err, fs.ErrNotExist) {
			t.Fatalf("round %d: the log is left behind (%v)", i, err)
		}
	}
}

// A file that cannot be opened is named, with a reason, and stays unchanged.
func TestOpenRefuses(t *testing.T) {
	for _, test := range []struct {
		name    string
		prepare func(t *testing.T, file string)
		want    string
		asRoot  bool // root is refused too
	}{
		{"a file that is no database", func(t *testing.T, file string) {
			if err := os.WriteFile(file, []byte(strings.Repeat("no database ", 100)), 0o600); err != nil {
				t.Fatal(err)
			}
		}, "not a database", true},
		{"a directory", func(t *testing.T, file string) {
			if err := os.Mkdir(file, 0o700); err != nil {
				t.Fatal(err)
			}
		}, "is a directory", true},
		{"a schema that is newer", func(t *testing.T, file string) {
			s, err := store.Open(t.Context(), file)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			execute(t, stranger(t, file), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)")
		}, "it was written by a newer version (schema 9999, this one knows ", true},
		{"no directory", func(t *testing.T, file string) {
			if err := os.Remove(filepath.Dir(file)); err != nil {
				t.Fatal(err)
			}
		}, "no such file or directory", true},
		{"a directory that cannot be written", func(t *testing.T, file string) {
			if err := os.Chmod(filepath.Dir(file), 0o555); err != nil {
				t.Fatal(err)
			}
		}, "permission denied", false},
		{"a database that cannot be written", func(t *testing.T, file string) {
			if err := os.WriteFile(file, nil, 0o400); err != nil {
				t.Fatal(err)
			}
		}, "permission denied", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			if os.Getuid() == 0 && !test.asRoot {
				t.Skip("root may write everywhere")
			}
			file := path(t)
			test.prepare(t, file)
			before, _ := os.ReadFile(file)
			s, err := store.Open(t.Context(), file)
			if err == nil {
				s.Close()
				t.Fatal("it was opened")
			}
			if !strings.Contains(err.Error(), test.want) || !strings.HasPrefix(err.Error(), "open the database "+file+": ") {
				t.Errorf("error %q, want %q", err, test.want)
			}
			if after, _ := os.ReadFile(file); string(after) != string(before) {
				t.Error("the file has been changed")
			}
		})
	}
}

// A fork numbers its migrations from 1000 on, and later merges one of ours.
func TestMigrationsOfAForkAndOfOurs(t *testing.T) {
	file := path(t)
	s := open(t, file)
	dir := t.TempDir()
	if err := os.CopyFS(dir, store.Migrations()); err != nil {
		t.Fatal(err)
	}
	mustCreate(t, s, "ada")
	for _, added := range []struct{ name, table string }{{"90000_fork.sql", "fork"}, {"80000_ours.sql", "ours"}, {"90001_fork.sql", "fork2"}} {
		text := "-- +goose Up\nCREATE TABLE " + added.table + " (id TEXT NOT NULL PRIMARY KEY);\n"
		if err := os.WriteFile(filepath.Join(dir, "migrations", added.name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		program, _, err := store.Knowing(os.DirFS(dir)).Migrate(t.Context(), file)
		if err != nil {
			t.Fatalf("%s: %v", added.name, err)
		}
		program.Close()
		execute(t, stranger(t, file), "INSERT INTO "+added.table+" (id) VALUES ('x')")
	}
	if _, err := s.Read().User(t.Context(), "ada"); err != nil {
		t.Error(err)
	}
}

func TestPing(t *testing.T) {
	s, err := store.Open(t.Context(), path(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Ping(t.Context()); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	var p *problem.Error
	if err := s.Ping(t.Context()); !errors.As(err, &p) || p.Kind != problem.Unavailable {
		t.Errorf("after closing: %v", err)
	}
}

// Data kept in memory is trusted only while the feed can be followed.
func TestAFeedThatIsOutOfReach(t *testing.T) {
	file := path(t)
	s := open(t, file)
	poll := func() error { return s.Poll(t.Context()) }
	if err := poll(); err != nil {
		t.Fatal(err)
	}
	execute(t, stranger(t, file), "ALTER TABLE changes RENAME TO elsewhere")
	if err := poll(); err == nil {
		t.Fatal("it was read")
	}
	s.Age(4 * time.Second)
	if err := s.Fresh(); err != nil {
		t.Errorf("after 4 s: %v", err)
	}
	s.Age(1100 * time.Millisecond)
	var p *problem.Error
	if err := s.Fresh(); !errors.As(err, &p) || p.Kind != problem.Unavailable || p.RetryAfter <= 0 {
		t.Errorf("after 5 s: %v", err)
	}
	execute(t, stranger(t, file), "ALTER TABLE elsewhere RENAME TO changes")
	if err := errors.Join(poll(), s.Fresh()); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}
