package store_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/flock"

	"lychgate/server/store"
)

// Every earlier schema, with data, is migrated to the current one, but only by
// those who may migrate.
func TestUpgrades(t *testing.T) {
	for version := 1; version < latest(t); version++ {
		t.Run(fmt.Sprint(version), func(t *testing.T) {
			file := path(t)
			made(t, file, tree(t, version))
			execute(t, stranger(t, file), someone)
			before := applied(t, file)

			s, err := store.Opener{}.AsIs(t.Context(), file)
			if s != nil || err == nil || !strings.Contains(err.Error(), "its schema is older than this version's (it has "+fmt.Sprint(version)) || !strings.Contains(err.Error(), "lychgate migrate") {
				t.Fatalf("a command: %v", err)
			}
			if after := applied(t, file); !slices.Equal(after, before) {
				t.Fatalf("a command migrated: %v", after)
			}

			s, done, err := store.Opener{}.Migrate(t.Context(), file)
			if err != nil || done.From != int64(version) || done.To != int64(latest(t)) || len(done.Applied) < latest(t)-version {
				t.Fatalf("%+v, %v", done, err)
			}
			defer s.Close()
			read := s.Read()
			if ada, err := read.UserByEmail(t.Context(), "ada@example.com"); err != nil || ada.Name != "Ada" || ada.PasswordVersion != 3 || ada.EmailVerified || ada.Role != "user" {
				t.Errorf("the account: %+v, %v", ada, err)
			}
			if one, err := read.Session(t.Context(), "one"); err != nil || one.Generation != 4 || one.Revoked {
				t.Errorf("the session: %+v, %v", one, err)
			}
			if one, err := read.Session(t.Context(), "one"); err != nil || one.ProvedAt.UnixMilli() != 1000 {
				t.Errorf("the proof of the session: %+v, %v", one, err)
			}
			revoked := store.Change{Seq: 1, Kind: store.SessionChange, ID: "two", At: time.UnixMilli(1500).UTC()}
			if changes, err := read.ChangesFrom(t.Context(), 0, 10); err != nil || len(changes) != 1 || changes[0] != revoked {
				t.Errorf("the changes: %+v, %v", changes, err)
			}
			if keys, err := read.SigningKeys(t.Context()); err != nil || len(keys) != 1 {
				t.Errorf("the keys: %+v, %v", keys, err)
			}
			if known, err := read.KnowsAddress(t.Context(), "ada", "192.0.2.1"); err != nil || !known {
				t.Errorf("the address: %v, %v", known, err)
			}
			other, err := store.Opener{}.AsIs(t.Context(), file)
			if err != nil {
				t.Fatalf("a command afterwards: %v", err)
			}
			other.Close()
		})
	}
}

// A program refuses each migration it does not know, unless it is marked as
// compatible.
func TestNewerSchemas(t *testing.T) {
	known := latest(t)
	mark := func(version, with int) string {
		return fmt.Sprintf("INSERT INTO schema_compatibility (version, compatible_with) VALUES (%d, %d)", version, with)
	}
	next := func(i int) []string { return []string{fmt.Sprintf("%05d_x.sql", known+i), "SELECT 1"} }
	newer := func(version int) string { return fmt.Sprintf("(schema %d, this one knows %d)", version, known) }
	fork := []string{"01000_fork.sql", "CREATE TABLE fork (id TEXT)"}
	for _, test := range []struct {
		name       string
		mine       []string // what the program knows besides ours
		database   []string // what the database has seen besides
		statement  string
		want       string // of the error
		compatible bool
	}{
		{"a newer one of ours", nil, next(1), "", "written by a newer version " + newer(known+1), false},
		{"one of a fork", nil, fork, "", "written by a newer version " + newer(1000), false},
		{"one of ours below the fork's own", fork, append(next(1), fork...), "", newer(known + 1), false},
		{"one between the fork's own", []string{"01000_a.sql", "SELECT 1", "01002_c.sql", "SELECT 1"}, []string{"01000_a.sql", "SELECT 1", "01001_b.sql", "SELECT 1", "01002_c.sql", "SELECT 1"}, "", newer(1001), false},
		{"marked compatible", nil, next(1), mark(known+1, known), "", true},
		{"a fork's, marked compatible", nil, fork, mark(1000, 2), "", true},
		{"two, one of them marked", nil, append(next(1), fork...), mark(known+1, known), newer(1000), false},
		{"compatible with newer programs alone", nil, append(next(1), next(2)...), mark(known+1, known) + ";" + mark(known+2, known+1), newer(known + 2), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			file := path(t)
			made(t, file, tree(t, known, test.database...))
			if test.statement != "" {
				execute(t, stranger(t, file), test.statement)
			}
			program := store.Knowing(tree(t, known, test.mine...))
			before := applied(t, file)
			for how, open := range map[string]func(context.Context, string) (*store.Store, error){"serve": migrated(program), "a command": program.AsIs} {
				s, err := open(t.Context(), file)
				if (err == nil) != test.compatible || err != nil && !strings.Contains(err.Error(), test.want) {
					t.Errorf("%s: %v", how, err)
				}
				if err == nil {
					mustCreate(t, s, strings.ReplaceAll(how, " ", ""))
					s.Close()
				}
			}
			if after := applied(t, file); !slices.Equal(after, before) {
				t.Errorf("the migrations were %v, are %v", before, after)
			}
		})
	}
}

// A program that lacks some applied migrations does not apply its own missing
// ones.
func TestNothingIsMigratedIntoANewerSchema(t *testing.T) {
	file := path(t)
	made(t, file, tree(t, 2, "01000_fork.sql", "CREATE TABLE fork (id TEXT)"))
	if s, _, err := store.Knowing(tree(t, 3)).Migrate(t.Context(), file); err == nil || s != nil {
		t.Fatal("it was opened")
	}
	if got := applied(t, file); !slices.Equal(got, []int64{1, 2, 1000}) {
		t.Errorf("migrations %v", got)
	}
}

// The tables of other programs stay unchanged.
func TestDatabasesOfOthers(t *testing.T) {
	file := path(t)
	execute(t, stranger(t, file), "CREATE TABLE accounts (id TEXT)")
	for how, open := range map[string]func(context.Context, string) (*store.Store, error){"serve": store.Open, "a command": store.Opener{}.AsIs} {
		if _, err := open(t.Context(), file); err == nil || !strings.Contains(err.Error(), "it is a database of another program") {
			t.Errorf("%s: %v", how, err)
		}
	}
	other := stranger(t, file)
	var tables int
	if err := other.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM sqlite_master").Scan(&tables); err != nil || tables != 1 {
		t.Errorf("%d tables, %v", tables, err)
	}
}

func TestACommandMakesNoDatabase(t *testing.T) {
	file := path(t)
	if _, err := (store.Opener{}).AsIs(t.Context(), file); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v", err)
	}
	if entries, err := os.ReadDir(filepath.Dir(file)); err != nil || len(entries) != 0 {
		t.Errorf("it left %v, %v", entries, err)
	}
}

// A command reports what it waits for, and Ctrl-C interrupts it.
func TestWaitsAreToldAndEndWithTheContext(t *testing.T) {
	held := func(t *testing.T, name string) {
		t.Helper()
		lock := flock.New(name)
		if err := lock.Lock(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { lock.Unlock() })
	}
	for _, test := range []struct {
		name string
		hold func(t *testing.T, file string)
		want string
	}{
		{"one that migrates", func(t *testing.T, file string) { held(t, file+".lock") }, "another lychgate, which is opening the database"},
		{"one that restores", func(t *testing.T, file string) { held(t, file+".in-use") }, "lychgate restore, which is replacing the database"},
		{"another writer", func(t *testing.T, file string) { execute(t, stranger(t, file), "BEGIN IMMEDIATE") }, "another process, which holds the lock of the database"},
		{"one that lets nobody read", func(t *testing.T, file string) {
			other := stranger(t, file)
			execute(t, other, "PRAGMA locking_mode = EXCLUSIVE")
			execute(t, other, "BEGIN IMMEDIATE")
		}, "another process, which holds the lock of the database"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			file := path(t)
			made(t, file, store.Migrations())
			test.hold(t, file)
			ctx, interrupt := context.WithCancel(t.Context())
			var told []string
			opener := store.Opener{Waits: func(what string) {
				told = append(told, what)
				interrupt()
			}}
			s, err := opener.AsIs(ctx, file)
			if err == nil {
				err = create(ctx, s, "ada")
				s.Close()
			}
			if err == nil || !strings.Contains(err.Error(), "interrupted while waiting for "+test.want+"; nothing was changed") {
				t.Errorf("error %v", err)
			}
			if !slices.Equal(told, []string{"waiting for " + test.want}) {
				t.Errorf("reported %q", told)
			}
		})
	}
}

// migrated opens a database as a server does.
func migrated(program store.Opener) func(context.Context, string) (*store.Store, error) {
	return func(ctx context.Context, path string) (*store.Store, error) {
		s, _, err := program.Migrate(ctx, path)
		return s, err
	}
}
