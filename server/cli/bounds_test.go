package cli_test

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lychgate/server/cli"
	"lychgate/server/servertest"
)

// many is more rows than one step or page handles.
const many = 3000

// run runs a command on an installation and returns its output.
func run(t *testing.T, dir string, args ...string) string {
	t.Helper()
	var stdout, stderr strings.Builder
	status := cli.Run(append(args, "--data-dir", dir), func(string) string { return "" }, strings.NewReader(servertest.Password), &stdout, &stderr, cli.Site{})
	if status != 0 {
		t.Fatalf("lychgate %q: status %d\n%s", args, status, &stderr)
	}
	return stdout.String()
}

func database(t *testing.T, dir string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "lychgate.db")+"?_pragma=busy_timeout(5000)&_pragma=foreign_keys(1)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func number(t *testing.T, db *sql.DB, query string) (n int) {
	t.Helper()
	if err := db.QueryRowContext(t.Context(), query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// crowded returns an installation with one account that has far too much of
// everything, and another account.
func crowded(t *testing.T) (dir string, db *sql.DB) {
	t.Helper()
	dir = t.TempDir()
	for _, email := range []string{"ada@example.com", "bob@example.com"} {
		run(t, dir, "user", "create", "--email", email, "--bcrypt-cost", "10")
	}
	db = database(t, dir)
	for _, insert := range []string{
		`sessions (id, user_id, generation, rotated_at, created_at, last_seen_at, ip, user_agent) SELECT 's' || i, ada, 1, now, now, now, '', 'a browser'`,
		`audit (at, event, outcome, user_id, session_id, ip, user_agent) SELECT now, 'login', 'success', ada, 's' || i, '192.0.2.1', 'a <browser> ' || char(8238)`,
		`known_addresses (user_id, address, last_used_at) SELECT ada, i, now`,
	} {
		statement := `WITH RECURSIVE n (i, ada, now) AS (SELECT 1, id, $1 FROM users WHERE email = 'ada@example.com' UNION ALL SELECT i + 1, ada, now FROM n WHERE i < $2) INSERT INTO ` + insert + ` FROM n`
		if _, err := db.ExecContext(t.Context(), statement, time.Now().UnixMilli(), many); err != nil {
			t.Fatal(err)
		}
	}
	return dir, db
}

func TestLongLists(t *testing.T) {
	dir, _ := crowded(t)
	for _, test := range []struct {
		args []string
		want int
	}{
		{[]string{"session", "list"}, many},
		{[]string{"session", "list", "--email", "ada@example.com"}, many},
		{[]string{"session", "list", "--email", "bob@example.com"}, 0},
		{[]string{"audit"}, many + 2},
		{[]string{"audit", "--user", "ada@example.com"}, many + 1},
		{[]string{"audit", "--user", "ada@example.com", "--since", "1h"}, many + 1},
		{[]string{"audit", "--since", "2100-01-01T00:00:00Z"}, 0},
		{[]string{"user", "list"}, 2},
	} {
		table := strings.Split(strings.TrimSuffix(run(t, dir, test.args...), "\n"), "\n")
		if len(table) != test.want+1 {
			t.Errorf("%q prints %d rows, want %d below the heading", test.args, len(table), test.want)
		}
		text := run(t, dir, append(test.args, "--json")...)
		var list []map[string]any
		if err := json.Unmarshal([]byte(text), &list); err != nil || len(list) != test.want {
			t.Errorf("%q prints %d objects of JSON, want %d (%v)", test.args, len(list), test.want, err)
		}
		if strings.ContainsRune(text, 8238) || test.args[0] == "audit" && test.want > 2 && !strings.Contains(text, `\u202e`) {
			t.Errorf("%q prints what strangers wrote as it is", test.args)
		}
	}
	var shown struct {
		Email    string
		Sessions []map[string]any
		Events   []map[string]any
	}
	if err := json.Unmarshal([]byte(run(t, dir, "user", "show", "--email", "ada@example.com", "--json")), &shown); err != nil {
		t.Fatal(err)
	}
	if shown.Email != "ada@example.com" || len(shown.Sessions) != many || len(shown.Events) != 10 {
		t.Errorf("shown: %s with %d sessions and %d events", shown.Email, len(shown.Sessions), len(shown.Events))
	}
	// 6 lines of the account, 2 headings, 2 empty lines between.
	if lines := strings.Count(run(t, dir, "user", "show", "--email", "ada@example.com"), "\n"); lines != many+10+10 {
		t.Errorf("shown in %d lines", lines)
	}
}

// failing is standard output that fails after a number of bytes.
type failing struct{ left int }

func (f *failing) Write(p []byte) (int, error) {
	if f.left -= len(p); f.left < 0 {
		return 0, io.ErrShortWrite
	}
	return len(p), nil
}

func TestListsThatCannotBePrinted(t *testing.T) {
	dir, _ := crowded(t)
	for _, args := range [][]string{{"audit"}, {"audit", "--json"}, {"user", "show", "--email", "ada@example.com"}, {"user", "show", "--email", "ada@example.com", "--json"}} {
		var stderr strings.Builder
		status := cli.Run(append(args, "--data-dir", dir), func(string) string { return "" }, strings.NewReader(""), &failing{left: 10_000}, &stderr, cli.Site{})
		if status != 1 || !strings.Contains(stderr.String(), "short write") {
			t.Errorf("%q: status %d, %q", args, status, &stderr)
		}
	}
}

func TestAccountsWithFarTooMuch(t *testing.T) {
	const live = `SELECT COUNT(*) FROM sessions WHERE ended_at IS NULL`
	const endings = `SELECT COUNT(*) FROM session_endings`
	t.Run("disable", func(t *testing.T) {
		dir, db := crowded(t)
		run(t, dir, "user", "disable", "--email", "ada@example.com")
		if number(t, db, live) != 0 || number(t, db, endings) != many || number(t, db, `SELECT COUNT(*) FROM users WHERE disabled_at IS NOT NULL`) != 1 {
			t.Errorf("%d live sessions, %d revocations", number(t, db, live), number(t, db, endings))
		}
	})
	t.Run("set the password", func(t *testing.T) {
		dir, db := crowded(t)
		run(t, dir, "user", "set-password", "--email", "ada@example.com", "--bcrypt-cost", "10")
		if number(t, db, live) != 0 || number(t, db, endings) != many || number(t, db, `SELECT MAX(password_version) FROM users`) != 2 {
			t.Errorf("%d live sessions, %d revocations", number(t, db, live), number(t, db, endings))
		}
	})
	t.Run("end the sessions", func(t *testing.T) {
		dir, db := crowded(t)
		if got := run(t, dir, "session", "end", "--email", "ada@example.com"); got != fmt.Sprintf("ended %d sessions\n", many) {
			t.Errorf("it prints %q", got)
		}
		if number(t, db, live) != 0 || number(t, db, endings) != many {
			t.Errorf("%d live sessions, %d revocations", number(t, db, live), number(t, db, endings))
		}
	})
	t.Run("delete", func(t *testing.T) {
		dir, db := crowded(t)
		run(t, dir, "user", "delete", "--email", "ada@example.com", "--yes")
		if number(t, db, endings) != many {
			t.Errorf("%d revocations", number(t, db, endings))
		}
		for table, want := range map[string]int{"sessions": 0, "known_addresses": 0, "audit": 2, "users": 1} {
			if got := number(t, db, `SELECT COUNT(*) FROM `+table); got != want {
				t.Errorf("%d rows of %s are left, want %d", got, table, want)
			}
		}
	})
}

// traces returns which of the database's files contain a text.
func traces(t *testing.T, dir string, texts ...string) (found []string) {
	t.Helper()
	for _, name := range []string{"lychgate.db", "lychgate.db-wal", "lychgate.db-shm"} {
		content, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		for _, text := range texts {
			if bytes.Contains(content, []byte(text)) {
				found = append(found, name+": "+text)
			}
		}
	}
	return found
}

func TestADeletedAccountLeavesNoTrace(t *testing.T) {
	const email, name = "zachary.trace@example.com", "Zachary Trace"
	for _, test := range []struct {
		name            string
		running, reader bool
	}{{"without a server", false, false}, {"beside a running server", true, false}, {"while somebody reads", true, true}} {
		t.Run(test.name, func(t *testing.T) {
			s := servertest.Start(t)
			s.Client().Register("ada@example.com")
			s.Client().Post("/api/auth/register", servertest.Object("email", email, "password", servertest.Password, "name", name)).Wants(201)
			s.Client().Post("/api/auth/login", servertest.Object("email", email, "password", "not the password")).Wants(401)
			dir := s.Config.DataDir
			db := database(t, dir)
			var hash string
			if err := db.QueryRowContext(t.Context(), `SELECT password_hash FROM users WHERE email = $1`, email).Scan(&hash); err != nil {
				t.Fatal(err)
			}
			if traces(t, dir, email) == nil || traces(t, dir, name) == nil || traces(t, dir, hash) == nil {
				t.Fatal("the test looks in the wrong place")
			}
			if !test.running {
				s.Stop()
				if err := db.Close(); err != nil {
					t.Fatal(err)
				}
			}
			var reading *sql.Tx
			if test.reader {
				var err error
				if reading, err = db.BeginTx(t.Context(), &sql.TxOptions{ReadOnly: true}); err != nil {
					t.Fatal(err)
				}
				var n int
				if err := reading.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM users`).Scan(&n); err != nil {
					t.Fatal(err)
				}
			}
			run(t, dir, "user", "delete", "--email", email, "--yes")
			if test.reader { // a server finishes it
				if traces(t, dir, email) == nil {
					t.Fatal("the reader was not in the way")
				}
				if err := reading.Rollback(); err != nil {
					t.Fatal(err)
				}
				s.Again()
				for begun := time.Now(); traces(t, dir, email, name, hash) != nil && time.Since(begun) < patience; {
					time.Sleep(10 * time.Millisecond)
				}
			}
			if found := traces(t, dir, email, name, hash); found != nil {
				t.Errorf("found %q", found)
			}
			if test.running && !test.reader { // who looks whether it is gone brings nothing back
				s.Client().Post("/api/auth/login", servertest.Object("email", email, "password", servertest.Password)).Wants(401)
				if found := traces(t, dir, email); found != nil {
					t.Errorf("after a sign-in, found %q", found)
				}
			}
			if traces(t, dir, "ada@example.com") == nil && test.running {
				t.Error("the other account is gone too")
			}
		})
	}
}
