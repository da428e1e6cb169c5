package auth_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"lychgate/server"
	"lychgate/server/access"
	"lychgate/server/audit"
	"lychgate/server/config"
	"lychgate/server/origin"
	"lychgate/server/servertest"
)

// number asks the database of a server.
func number(t *testing.T, s *servertest.Server, query string) (n int) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+s.Config.DatabasePath()+"?_pragma=busy_timeout(5000)&_pragma=query_only(1)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRowContext(t.Context(), query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// addRows inserts so many rows; i counts them.
func addRows(s *servertest.Server, count int, insert string) {
	s.Alter(fmt.Sprintf(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) %s FROM n`, count, insert))
}

func addSessions(s *servertest.Server, count int, prefix string, ago time.Duration) {
	at := s.Clock.Now().Add(-ago).UnixMilli()
	addRows(s, count, fmt.Sprintf(`INSERT INTO sessions (id, user_id, generation, rotated_at, created_at, last_seen_at, ip, user_agent)
		SELECT '%s' || i, (SELECT id FROM users LIMIT 1), 1, %d - i, %d - i, %d - i, '', ''`, prefix, at, at, at))
}

func TestSessionsPerAccount(t *testing.T) {
	s := servertest.Start(t, func(c *config.Config) { c.SessionLimit = 3 })
	var clients []*servertest.Client
	for i := range 3 {
		client := s.Client()
		if i == 0 {
			client.Register("ada@example.com")
		} else {
			client.Login("ada@example.com")
		}
		clients = append(clients, client)
		s.Clock.Move(time.Minute)
	}
	bob := s.Client()
	bob.Register("bob@example.com")
	// The first is in use right now, which is not written down yet.
	clients[0].Get("/api/user/profile").Wants(http.StatusOK)
	s.Clock.Move(time.Minute)
	newest := s.Client()
	newest.Login("ada@example.com")

	clients[1].Get("/api/user/profile").WantsProblem(http.StatusUnauthorized, "unauthenticated")
	clients[1].Post("/api/auth/refresh", "").WantsProblem(http.StatusUnauthorized, "session_ended")
	for _, client := range []*servertest.Client{clients[0], clients[2], newest, bob} {
		client.Get("/api/user/profile").Wants(http.StatusOK)
	}
	if list := sessionsOf(newest); len(list) != 3 {
		t.Errorf("%d sessions", len(list))
	}
	if got := number(t, s, `SELECT COUNT(*) FROM audit JOIN sessions ON session_id = sessions.id WHERE event = 'session_limit' AND ended_at IS NOT NULL`); got != 1 {
		t.Errorf("%d audit lines tell of it", got)
	}
	// A browser that signs in again replaces its own session, and costs nobody else's.
	newest.Login("ada@example.com")
	for _, client := range []*servertest.Client{clients[0], clients[2], newest} {
		client.Get("/api/user/profile").Wants(http.StatusOK)
	}
}

// Sessions that have lapsed do not count.
func TestLapsedSessionsDoNotCountForTheLimit(t *testing.T) {
	s := servertest.Start(t, func(c *config.Config) { c.SessionLimit, c.SessionMax = 2, time.Hour })
	old, other := s.Client(), s.Client()
	old.Register("ada@example.com")
	s.Clock.Move(59 * time.Minute)
	other.Login("ada@example.com")
	old.Get("/api/user/profile").Wants(http.StatusOK)
	s.Clock.Move(2 * time.Minute)
	s.Client().Login("ada@example.com")
	other.Get("/api/user/profile").Wants(http.StatusOK)
	if got := number(t, s, `SELECT COUNT(*) FROM audit WHERE event = 'session_limit'`); got != 0 {
		t.Errorf("%d audit lines", got)
	}
}

// An account from before there was a limit is brought down to it after a sign-in,
// which itself revokes no more than a step does.
func TestAccountFarPastTheLimit(t *testing.T) {
	s := servertest.Start(t)
	client := s.Client()
	client.Register("ada@example.com")
	addSessions(s, 3000, "added", time.Minute)
	client.Login("ada@example.com") // which replaces its own
	servertest.Eventually(t, "100 sessions are left", func() bool {
		return number(t, s, `SELECT COUNT(*) FROM sessions WHERE ended_at IS NULL`) == 100
	})
	client.Get("/api/user/profile").Wants(http.StatusOK)
	if got := number(t, s, `SELECT COUNT(*) FROM sessions WHERE ended_at IS NULL AND id LIKE 'added%' AND CAST(substr(id, 6) AS INTEGER) BETWEEN 1 AND 99`); got != 99 {
		t.Errorf("%d of those used last are left, want 99", got)
	}
	if got := number(t, s, `SELECT MAX(n) FROM (SELECT COUNT(*) AS n FROM session_endings GROUP BY ended_at)`); got == 0 {
		t.Error("the endings are not on record")
	}
	if got := number(t, s, `SELECT COUNT(*) FROM session_endings`); got != 3000-99+1 {
		t.Errorf("%d endings on record", got)
	}
}

// What has lapsed is swept at a start, however much there is.
func TestSweep(t *testing.T) {
	s := servertest.Start(t)
	client := s.Client()
	client.Register("ada@example.com")
	s.Stop()
	now := s.Clock.Now()
	addSessions(s, 1200, "idle", s.Config.SessionIdle+time.Hour)
	addSessions(s, 1200, "ended", 24*time.Hour)
	s.Alter(fmt.Sprintf(`UPDATE sessions SET ended_at = %d WHERE id LIKE 'ended%%'`, now.Add(-17*time.Minute).UnixMilli()))
	addSessions(s, 10, "just", 24*time.Hour)
	s.Alter(fmt.Sprintf(`UPDATE sessions SET ended_at = %d WHERE id LIKE 'just%%'`, now.Add(-15*time.Minute).UnixMilli()))
	s.Alter(`INSERT INTO session_endings (session_id, ended_at) SELECT id, ended_at FROM sessions WHERE ended_at IS NOT NULL`)
	addRows(s, 1200, fmt.Sprintf(`INSERT INTO known_addresses (user_id, address, last_used_at) SELECT (SELECT id FROM users), i, %d`, now.Add(-366*24*time.Hour).UnixMilli()))
	addRows(s, 1200, fmt.Sprintf(`INSERT INTO account_attempts (email, full_at) SELECT i, %d`, now.Add(-time.Second).UnixMilli()))
	s = s.Again()
	for what, query := range map[string]string{
		"sessions that were idle":  `SELECT COUNT(*) FROM sessions WHERE id LIKE 'idle%'`,
		"sessions that had ended":  `SELECT COUNT(*) FROM sessions WHERE id LIKE 'ended%'`,
		"endings older than a TTL": `SELECT COUNT(*) FROM session_endings WHERE session_id LIKE 'ended%'`,
		"addresses":                `SELECT COUNT(*) - 1 FROM known_addresses`,
		"attempts":                 `SELECT COUNT(*) FROM account_attempts`,
	} {
		servertest.Eventually(t, "there are no more "+what, func() bool { return number(t, s, query) == 0 })
	}
	if got := number(t, s, `SELECT COUNT(*) FROM session_endings`); got != 10 {
		t.Errorf("%d endings are on record, want those for which a token may live", got)
	}
	client.Copy(s).Get("/api/user/profile").Wants(http.StatusOK)
}

// As long as another process may have made tokens that live longer, endings stay
// that long too: one that starts then must know of them.
func TestEndingsStayAsLongAsAnyToken(t *testing.T) {
	s := publicServer(t, func(c *config.Config) { c.AccessTTL = 2 * time.Hour })
	client, other := clientOf(s), clientOf(s)
	client.Register("ada@example.com")
	other.Login("ada@example.com")
	stolen := other.Cookie(accessCookie)
	servertest.Eventually(t, "the life is noted", func() bool { return number(t, s, `SELECT COUNT(*) FROM access_ttls`) == 1 })
	client.Do(http.MethodDelete, "/api/user/sessions", "").Wants(http.StatusNoContent)
	s.Stop()
	// An hour passes, as far as the sweeps go.
	s.Clock.Move(time.Hour)
	s.Alter(fmt.Sprintf(`UPDATE maintenance SET swept_at = %d`, s.Clock.Now().UnixMilli()))
	short := s.Again(func(c *config.Config) { c.AccessTTL = 15 * time.Minute })
	servertest.Eventually(t, "it has swept", func() bool { return number(t, s, `SELECT COUNT(*) FROM access_ttls`) == 2 })
	short.Stop()
	long := s.Again()
	profile(long, client.Cookie(accessCookie)).Wants(http.StatusOK)
	profile(long, stolen).WantsProblem(http.StatusUnauthorized, "unauthenticated")
}

// A clock that is wrong for a moment, by a year, costs nothing that does not come
// back: neither in a process that saw the step, nor in one that starts during it.
func TestNothingIsSweptInAMomentaryStep(t *testing.T) {
	const year = 365 * 24 * time.Hour
	for name, signIn := range map[string]bool{"quiet": false, "with a sign-in during it": true} {
		t.Run(name, func(t *testing.T) {
			s := publicServer(t)
			client := clientOf(s)
			client.Register("ada@example.com")
			clientOf(s).Post("/api/auth/login", servertest.Object("email", "ada@example.com", "password", "not the password")).Wants(http.StatusUnauthorized)
			servertest.Eventually(t, "it has swept", func() bool { return number(t, s, `SELECT COUNT(*) FROM maintenance WHERE swept_at > 0`) == 1 })
			count := func(s *servertest.Server) [3]int {
				return [3]int{
					number(t, s, `SELECT COUNT(*) FROM audit WHERE event IN ('register', 'login')`),
					number(t, s, `SELECT COUNT(*) FROM known_addresses`),
					number(t, s, `SELECT COUNT(*) FROM sessions`),
				}
			}
			s.Clock.Move(year + time.Hour)
			if signIn {
				clientOf(s).Login("ada@example.com")
			}
			before := count(s)
			s.Stop()
			during := s.Again() // it sweeps at once
			sweptAgain(t, during)
			if after := count(during); after != before {
				t.Errorf("audit lines, addresses and sessions: %v, before the step %v", after, before)
			}
			during.Stop()
			s.Clock.Move(-year - time.Hour)
			after := s.Again()
			clientOf(after).Login("ada@example.com")
		})
	}
}

// sweptAgain waits until a server that has just been started has swept.
func sweptAgain(t *testing.T, s *servertest.Server) {
	t.Helper()
	addRows(s, 1, `INSERT INTO account_attempts (email, full_at) SELECT 'swept', 1`)
	s.Stop()
	again := s.Again()
	servertest.Eventually(t, "it has swept", func() bool { return number(t, s, `SELECT COUNT(*) FROM account_attempts WHERE email = 'swept'`) == 0 })
	again.Stop()
}

func TestAuditLogIsBounded(t *testing.T) {
	s := servertest.Start(t)
	client := s.Client()
	client.Register("ada@example.com")
	now := s.Clock.Now().UnixMilli()
	add := func(count int, event, outcome, user string) {
		addRows(s, count, fmt.Sprintf(`INSERT INTO audit (at, event, outcome, user_id, session_id, ip, user_agent) SELECT %d, '%s', '%s', %s, '', '', ''`, now, event, outcome, user))
	}
	const ada = `(SELECT id FROM users)`
	add(1, "refresh_replay", "failure", ada)
	add(11_000, "login", "failure", ada)
	add(50, "login", "success", ada)
	add(101_000, "login", "failure", "''")
	add(20, "key_rotated", "success", "''")
	s.Stop()
	s = s.Again()
	last := number(t, s, `SELECT MAX(seq) FROM audit`)
	servertest.Eventually(t, "all lines have been counted", func() bool { return number(t, s, `SELECT audit_seq FROM maintenance`) == last })
	for what, want := range map[string]int{
		"user_id = '' AND outcome = 'failure'":                      100_000,
		"user_id <> '' AND outcome = 'failure' AND event = 'login'": 10_000,
	} {
		if got := number(t, s, `SELECT COUNT(*) FROM audit WHERE `+what); got != want {
			t.Errorf("%d lines are left where %s, want %d", got, what, want)
		}
	}
	if got := number(t, s, `SELECT COUNT(*) FROM audit WHERE outcome = 'success'`); got != 71 {
		t.Errorf("%d successes are left, want all 71", got)
	}
	if got := number(t, s, `SELECT COUNT(*) FROM audit WHERE event = 'refresh_replay'`); got != 1 {
		t.Error("what the person was not told of yet is gone")
	}
	if got := number(t, s, `SELECT MIN(seq) FROM audit WHERE user_id = ''`); got <= 1000 {
		t.Errorf("line %d is left, and newer ones are not", got)
	}
}

func TestUserAgentsOfUnknownAccountsAreCut(t *testing.T) {
	s := servertest.Start(t)
	client := s.Client()
	client.Register("ada@example.com")
	for _, email := range []string{"ada@example.com", "nobody@example.com"} {
		client.Post("/api/auth/login", servertest.Object("email", email, "password", "not the password"),
			"User-Agent", "a"+strings.Repeat("é", 400)).Wants(http.StatusUnauthorized)
	}
	var lengths []int
	for _, line := range slices.Concat(auditOf(t, s, ""), auditOf(t, s, userID(t, s))) {
		if line.Outcome == "failure" {
			lengths = append(lengths, len(line.UserAgent))
		}
	}
	if !slices.Equal(lengths, []int{127, 511}) { // whole characters of 128 and 512 bytes
		t.Errorf("user agents of %v bytes are kept", lengths)
	}
}

func userID(t *testing.T, s *servertest.Server) (id string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+s.Config.DatabasePath()+"?_pragma=query_only(1)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRowContext(t.Context(), `SELECT id FROM users`).Scan(&id); err != nil {
		t.Fatal(err)
	}
	return id
}

// One account cannot fill the table of known addresses.
func TestKnownAddressesOfAnAccountAreBounded(t *testing.T) {
	s := servertest.Start(t)
	client := s.Client()
	client.Register("ada@example.com")
	recently := s.Clock.Now().Add(-time.Hour).UnixMilli() // or the sweep at start takes them
	addRows(s, 1100, fmt.Sprintf(`INSERT INTO known_addresses (user_id, address, last_used_at) SELECT (SELECT id FROM users), i, %d + i`, recently))
	client.Login("ada@example.com")
	if got := number(t, s, `SELECT COUNT(*) FROM known_addresses WHERE address = '127.0.0.1' OR CAST(address AS INTEGER) > 101`); got != 1000 {
		t.Errorf("%d addresses are known, want the last 1000", got)
	}
	if got := number(t, s, `SELECT COUNT(*) FROM known_addresses`); got != 1000 {
		t.Errorf("%d addresses are known", got)
	}
}

// A revocation is carried out when whoever asked for it has hung up.
func TestEndingSessionsGoesOnWithoutItsClient(t *testing.T) {
	s := servertest.Start(t)
	s.Client().Register("ada@example.com")
	addSessions(s, 2, "added", time.Minute)
	accounts, err := server.OpenAccounts(t.Context(), s.Config, server.Environment{Now: s.Clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer accounts.Store.Close()
	sessions := accounts.Sessions(s.Config, origin.Origin{}, server.Environment{Now: s.Clock.Now})
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	caller := access.Identity{UserID: userID(t, s), SessionID: "none"}
	if err := sessions.Revoke(gone, caller.UserID, "added1", audit.By{}); err != nil {
		t.Error(err)
	}
	if got := number(t, s, `SELECT COUNT(*) FROM sessions WHERE ended_at IS NOT NULL`); got != 1 {
		t.Errorf("%d sessions have ended, want one", got)
	}
	if err := sessions.RevokeOthers(gone, caller, audit.By{}); err != nil {
		t.Error(err)
	}
	if got := number(t, s, `SELECT COUNT(*) FROM sessions WHERE ended_at IS NULL`); got != 0 {
		t.Errorf("%d sessions go on", got)
	}
}
