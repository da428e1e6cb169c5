package store_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"lychgate/server/problem"
	"lychgate/server/store"
)

// Transient faults are told apart from bugs by errors that SQLite itself
// reports.
func TestFaults(t *testing.T) {
	writes := func(statement string) func(t *testing.T, s *store.Store, _ string) error {
		return func(t *testing.T, s *store.Store, _ string) error {
			return s.Write(t.Context(), func(q *store.Queries) error { return store.Execute(t.Context(), q, statement) })
		}
	}
	pragma := func(t *testing.T, s *store.Store, text string) {
		t.Helper()
		if _, err := s.Writer().ExecContext(t.Context(), "PRAGMA "+text); err != nil {
			t.Fatal(err)
		}
	}
	for name, test := range map[string]struct {
		fault func(t *testing.T, s *store.Store, file string) error
		kind  problem.Kind
		words string // of the hidden cause
	}{
		"a typo":              {writes(`UPDAT users SET name = ''`), problem.Internal, "syntax error"},
		"a NULL":              {writes(`UPDATE users SET name = NULL`), problem.Internal, "NOT NULL constraint"},
		"a key that is there": {writes(`INSERT INTO access_ttls (ttl, used_at) VALUES (1, 1), (1, 1)`), problem.Internal, "UNIQUE constraint"},
		"a trigger":           {writes(`CREATE TEMP TRIGGER no BEFORE UPDATE ON users BEGIN SELECT RAISE(ABORT, 'no'); END; UPDATE users SET name = ''`), problem.Internal, "no"},
		"no more numbers":     {writes(`CREATE TABLE f (i INTEGER PRIMARY KEY AUTOINCREMENT); INSERT INTO f VALUES (9223372036854775807); INSERT INTO f DEFAULT VALUES`), problem.Unavailable, "full"},
		"a reader that writes": {func(t *testing.T, s *store.Store, _ string) error {
			return s.Read().RememberAddress(t.Context(), "ada", "x", time.Now())
		}, problem.Internal, "readonly"},
		"a foreign key": {func(t *testing.T, s *store.Store, _ string) error {
			return s.Write(t.Context(), func(q *store.Queries) error {
				return q.CreateSession(t.Context(), store.Session{ID: "one", UserID: "nobody"})
			})
		}, problem.Internal, "FOREIGN KEY constraint"},
		"a missing column": {func(t *testing.T, s *store.Store, file string) error {
			execute(t, stranger(t, file), "ALTER TABLE users DROP COLUMN role")
			_, err := s.Read().User(t.Context(), "ada")
			return err
		}, problem.Internal, "no such column"},
		"a missing table": {func(t *testing.T, s *store.Store, file string) error {
			execute(t, stranger(t, file), "DROP TABLE plan_grants")
			_, err := s.Read().PlansOf(t.Context(), "ada")
			return err
		}, problem.Internal, "no such table"},
		"a value of another type": {func(t *testing.T, s *store.Store, file string) error {
			execute(t, stranger(t, file), "UPDATE users SET created_at = 'yesterday'")
			_, err := s.Read().User(t.Context(), "ada")
			return err
		}, problem.Internal, "yesterday"},
		"damage": {func(t *testing.T, s *store.Store, file string) error {
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for i := 4096; i < len(text); i++ { // all pages but the one with the schema
				text[i] = 'x'
			}
			if err := os.WriteFile(file, text, 0o600); err != nil {
				t.Fatal(err)
			}
			return store.Unchecked(t, file).Ping(t.Context())
		}, problem.Internal, "malformed"},
		"another writer": {func(t *testing.T, s *store.Store, file string) error {
			pragma(t, s, "busy_timeout = 0")
			execute(t, stranger(t, file), "BEGIN IMMEDIATE")
			return create(t.Context(), s, "bob")
		}, problem.Unavailable, "locked"},
		"a table in use": {func(t *testing.T, s *store.Store, _ string) error {
			return s.Write(t.Context(), func(q *store.Queries) error {
				for _, err := range q.Users(t.Context()) {
					if err != nil {
						return err
					}
				}
				return store.ExecuteWhileReading(t.Context(), q, "DROP TABLE plan_grants")
			})
		}, problem.Unavailable, "locked"},
		"a full disk": {func(t *testing.T, s *store.Store, _ string) error {
			pragma(t, s, "max_page_count = 1") // which is as many as there are
			err := s.Write(t.Context(), func(q *store.Queries) error {
				return q.CreateUser(t.Context(), store.User{ID: "bob", Email: "bob", Name: strings.Repeat("bob ", 100_000)})
			})
			pragma(t, s, "max_page_count = 1000000")
			mustCreate(t, s, "bob") // room again
			return err
		}, problem.Unavailable, "full"},
		"no file": {func(t *testing.T, s *store.Store, file string) error {
			if err := os.Rename(file, file+".elsewhere"); err != nil {
				t.Fatal(err)
			}
			s.Reader().SetMaxIdleConns(0)
			return s.Ping(t.Context())
		}, problem.Unavailable, "unable to open"},
		"a context that has ended": {func(t *testing.T, s *store.Store, _ string) error {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			_, err := s.Read().User(ctx, "ada")
			return err
		}, problem.Unavailable, "canceled"},
		"no time": {func(t *testing.T, s *store.Store, _ string) error {
			ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			defer cancel()
			return s.Write(ctx, func(q *store.Queries) error {
				for {
					if err := q.RenameUser(ctx, "ada", "x"); err != nil {
						return err
					}
				}
			})
		}, problem.Unavailable, ""},
		"a store that is closed": {func(t *testing.T, s *store.Store, _ string) error {
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			return s.Ping(t.Context())
		}, problem.Unavailable, "closed"},
	} {
		t.Run(name, func(t *testing.T) {
			file := path(t)
			s, err := store.Open(t.Context(), file)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			mustCreate(t, s, "ada")
			err = test.fault(t, s, file)
			p := problem.From(err)
			if err == nil || p.Kind != test.kind || (p.RetryAfter > 0) != (p.Kind == problem.Unavailable) {
				t.Fatalf("%v, want kind %v", err, test.kind)
			}
			if p.Cause == nil || !strings.Contains(p.Cause.Error(), test.words) || strings.Contains(p.Detail, "store") || errors.Is(err, store.ErrNotFound) {
				t.Errorf("cause %v, said to everybody: %q", p.Cause, p.Detail)
			}
		})
	}
}
