package storetest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/pressly/goose/v3"

	"lychgate/server/store"
)

// Path returns the path of a test's database, in a directory that others may
// read.
func Path(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "lychgate.db")
}

// Open opens a store and closes it when the test ends.
func Open(t *testing.T, path string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// Create creates an account.
func Create(ctx context.Context, s *store.Store, id string) error {
	return s.Write(ctx, func(q *store.Queries) error {
		return q.CreateUser(ctx, store.User{ID: id, Email: id + "@example.com"})
	})
}

// MustCreate creates an account, or fails the test.
func MustCreate(t *testing.T, s *store.Store, id string) {
	t.Helper()
	if err := Create(t.Context(), s, id); err != nil {
		t.Fatal(err)
	}
}

// Stranger returns a connection as another process would have it.
func Stranger(t *testing.T, path string) *sql.Conn {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	connection, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { errors.Join(connection.Close(), db.Close()) })
	return connection
}

// Execute runs statements on a connection.
func Execute(t *testing.T, connection *sql.Conn, statement string) {
	t.Helper()
	if _, err := connection.ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

// Tree returns a program's migrations: ours up to a version, and others by name
// and text.
func Tree(t *testing.T, all fs.FS, upTo int, more ...string) fs.FS {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, all); err != nil {
		t.Fatal(err)
	}
	ours, err := filepath.Glob(filepath.Join(dir, "migrations", "*.sql"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range ours {
		if filepath.Base(file) > fmt.Sprintf("%05d~", upTo) {
			if err := os.Remove(file); err != nil {
				t.Fatal(err)
			}
		}
	}
	for i := 0; i < len(more); i += 2 {
		text := "-- +goose Up\n" + more[i+1] + ";\n"
		if err := os.WriteFile(filepath.Join(dir, "migrations", more[i]), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return os.DirFS(dir)
}

// Latest returns the newest of our migrations in a tree, ignoring a fork's.
func Latest(t *testing.T, all fs.FS) (newest int) {
	t.Helper()
	entries, err := fs.ReadDir(all, "migrations")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		var version int
		if _, err := fmt.Sscanf(entry.Name(), "%d", &version); err != nil {
			t.Fatal(err)
		}
		if version < 1000 {
			newest = max(newest, version)
		}
	}
	return newest
}

// Made creates a database with the migrations in a tree.
func Made(t *testing.T, file string, known fs.FS) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+file+"?_pragma=journal_mode(WAL)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	files, err := fs.Sub(known, "migrations")
	if err != nil {
		t.Fatal(err)
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, files)
	if err == nil {
		_, err = provider.Up(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Applied returns the applied migrations of a database, in order.
func Applied(t *testing.T, file string) (versions []int64) {
	t.Helper()
	rows, err := Stranger(t, file).QueryContext(t.Context(), "SELECT version_id FROM goose_db_version WHERE version_id > 0 ORDER BY id")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var version int64
		if err := rows.Scan(&version); err != nil {
			t.Fatal(err)
		}
		versions = append(versions, version)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return versions
}

// Someone inserts an account with everything it can have, in any schema.
const Someone = `INSERT INTO users (id, email, name, password_hash, password_version, created_at) VALUES ('ada', 'ada@example.com', 'Ada', 'hash', 3, 1000);
	INSERT INTO sessions (id, user_id, generation, rotated_at, created_at, last_seen_at, ended_at, ip, user_agent) VALUES ('one', 'ada', 4, 2000, 1000, 2000, NULL, '192.0.2.1', 'a browser');
	INSERT INTO sessions (id, user_id, generation, rotated_at, created_at, last_seen_at, ended_at, ip, user_agent) VALUES ('two', 'ada', 1, 1000, 1000, 1000, 1500, '192.0.2.1', 'a browser');
	INSERT INTO session_endings (session_id, ended_at) VALUES ('two', 1500);
	INSERT INTO signing_keys (id, sealed, created_at) VALUES ('key', x'00ff', 1000);
	INSERT INTO known_addresses (user_id, address, last_used_at) VALUES ('ada', '192.0.2.1', 1000);
	INSERT INTO audit (at, event, outcome, user_id, session_id, ip, user_agent) VALUES (1000, 'login', 'success', 'ada', 'one', '192.0.2.1', 'a browser')`
