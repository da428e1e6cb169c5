package store_test

import (
	"database/sql"
	"slices"
	"testing"
	"time"

	"lychgate/server/store"
)

// Statements of the program for schema 4 on the tables that schema 5 changes.
// It may keep running beside one that migrated the database.
const (
	endingOf    = `INSERT INTO session_endings (session_id, ended_at) VALUES ($1, $2)`
	endingsOf   = `INSERT INTO session_endings (session_id, ended_at) SELECT id, $1 FROM sessions WHERE user_id = $2 AND id <> $3 AND ended_at IS NULL ORDER BY last_seen_at, id LIMIT $4 RETURNING session_id`
	endingsIn   = `INSERT INTO session_endings (session_id, ended_at) SELECT id, $3 FROM sessions WHERE id IN (SELECT id FROM sessions WHERE user_id = $1 ORDER BY created_at, id LIMIT $2) AND ended_at IS NULL`
	endingsPast = `SELECT seq, session_id FROM session_endings WHERE seq > $1 ORDER BY seq LIMIT $2`
	sweepEnding = `DELETE FROM session_endings WHERE seq IN (SELECT seq FROM session_endings WHERE ended_at < $1 ORDER BY ended_at LIMIT $2)`
)

var beforeAccess = []string{
	`INSERT INTO users (id, email, name, password_hash, password_version, created_at, email_verified) VALUES ('eve', 'eve@example.com', 'Eve', 'hash', 1, 1000, FALSE)`,
	`SELECT id, email, name, password_hash, password_version, created_at, disabled_at IS NOT NULL, email_verified FROM users WHERE email = 'eve@example.com'`,
	`UPDATE users SET disabled_at = 1000 WHERE id = 'eve'`,
	`INSERT INTO sessions (id, user_id, generation, rotated_at, created_at, last_seen_at, ip, user_agent) VALUES ('of eve', 'eve', 1, 1000, 2000, 1000, '', '')`,
	`SELECT id, user_id, generation, rotated_at, created_at, last_seen_at, ended_at IS NOT NULL, ip, user_agent FROM sessions WHERE id = 'of eve'`,
	`UPDATE sessions SET rotated_at = 3000, last_seen_at = 3000, generation = generation + 1 WHERE id = 'of eve' AND generation = 1 AND ended_at IS NULL`,
	`UPDATE sessions SET created_at = created_at - 1, rotated_at = rotated_at - 1, last_seen_at = last_seen_at - 1 WHERE ended_at IS NULL`,
	`INSERT INTO audit (at, event, outcome, user_id, session_id, ip, user_agent) VALUES (1000, 'login', 'success', 'eve', 'of eve', '', '')`,
	`SELECT seq, at, event, outcome, user_id, session_id, ip, user_agent FROM audit WHERE seq > 0 AND seq <= 9 AND +at >= 0 ORDER BY seq LIMIT 500`,
	`INSERT INTO session_endings (session_id, ended_at) SELECT id, 1000 FROM sessions WHERE ended_at IS NULL AND user_id = 'nobody'`,
}

func TestTheVersionBeforeGoesOnBeside(t *testing.T) {
	file := path(t)
	made(t, file, tree(t, 4))
	before := stranger(t, file) // which was there before the migration
	execute(t, before, someone)
	// It has read the feed to its end, which was swept afterwards.
	execute(t, before, `INSERT INTO session_endings (session_id, ended_at) VALUES ('three', 1500); DELETE FROM session_endings`)
	ctx := t.Context()
	s, _, err := store.Knowing(tree(t, 5)).Migrate(ctx, file)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if other, err := store.Knowing(tree(t, 4)).AsIs(ctx, file); err != nil {
		t.Errorf("a command: %v", err)
	} else {
		other.Close()
	}
	for _, statement := range beforeAccess {
		execute(t, before, statement)
	}
	if session, err := s.Read().Session(ctx, "of eve"); err != nil || session.ProvedAt.UnixMilli() != 1999 || session.Methods != "" {
		t.Errorf("its session: %+v, %v", session, err)
	}

	strings := func(statement string, args ...any) (list []string) {
		t.Helper()
		rows, err := before.QueryContext(ctx, statement, args...)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			var seq sql.NullInt64
			var text string
			into := []any{&seq, &text}
			if columns, _ := rows.Columns(); len(columns) == 1 {
				into = into[1:]
			}
			if err := rows.Scan(into...); err != nil {
				t.Fatal(err)
			}
			list = append(list, text)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		return list
	}
	run := func(statement string, args ...any) {
		t.Helper()
		if _, err := before.ExecContext(ctx, statement, args...); err != nil {
			t.Fatal(err)
		}
	}
	same := func(what string, got, want []string) {
		t.Helper()
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
	// Its revocations are heard here,
	var heard []string
	s.Listen(store.SessionChange, func(ids []string) { heard = append(heard, ids...) })
	run(endingOf, "one of its own", 5000)
	same("what it is told", strings(endingsOf, 5000, "ada", "", 10), []string{"one"})
	run(endingsIn, "eve", 10, 5000)
	if err := s.Poll(ctx); err != nil {
		t.Fatal(err)
	}
	same("heard here", heard, []string{"one of its own", "one", "of eve"})
	// and it reads those made here, continuing where it was.
	if err := s.Write(ctx, func(q *store.Queries) error {
		if err := q.CreateUser(ctx, store.User{ID: "bob", Email: "bob@example.com"}); err != nil {
			return err
		}
		return q.RevokeSession(ctx, "one", time.UnixMilli(6000))
	}); err != nil {
		t.Fatal(err)
	}
	same("read there", strings(endingsPast, 2, 100), []string{"one of its own", "one", "of eve", "one"})
	run(sweepEnding, 6000, 2)
	run(sweepEnding, 6000, 2)
	same("left there", strings(endingsPast, 2, 100), []string{"one"})
	changes, err := s.Read().ChangesFrom(ctx, 0, 10)
	if err != nil || len(changes) != 2 || changes[0].Kind != store.SubjectChange || changes[1].ID != "one" {
		t.Errorf("left here: %+v, %v", changes, err)
	}
}
