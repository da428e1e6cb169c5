package auth_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"lychgate/server/servertest"
	"lychgate/server/store"
)

// auditOf returns the lines about a person; the empty id is that of accounts
// that do not exist.
func auditOf(t *testing.T, s *servertest.Server, userID string) []store.AuditLine {
	t.Helper()
	db, err := store.Open(t.Context(), s.Config.DatabasePath())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var lines []store.AuditLine
	for line, err := range db.Read().AuditOf(t.Context(), userID, time.Time{}) {
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line.AuditLine)
	}
	return lines
}

// events returns event and outcome of lines.
func events(lines []store.AuditLine) (list []string) {
	for _, line := range lines {
		list = append(list, line.Event+" "+line.Outcome)
	}
	return list
}

func TestAudit(t *testing.T) {
	s := servertest.Start(t)
	const email, password = "ada@example.com", servertest.Password
	login := func(c *servertest.Client, password string) servertest.Answer {
		return c.Post("/api/auth/login", servertest.Object("email", email, "password", password))
	}
	change := func(c *servertest.Client, password string) servertest.Answer {
		return c.Post("/api/user/password", servertest.Object("currentPassword", password, "newPassword", "another horse battery"))
	}
	client, tab := s.Client(), s.Client()
	client.Header.Set("User-Agent", "a test")
	var registered struct{ User struct{ ID string } }
	client.Register(email).Decode(&registered)
	id := registered.User.ID

	for _, step := range []struct {
		name string
		do   func()
		want []string
	}{
		{"to register", func() {}, []string{"register success"}},
		{"to sign in wrongly", func() { login(tab, "not the password").Wants(401) }, []string{"login failure"}},
		{"to sign in", func() { login(tab, password).Wants(200) }, []string{"login success"}},
		{"to sign in anew", func() { login(tab, password).Wants(200) }, []string{"replaced success", "login success"}},
		{"to refresh", func() { client.Post("/api/auth/refresh", "").Wants(200) }, nil},
		{"to replay", func() {
			thief := tab.Copy(s)
			tab.Post("/api/auth/refresh", "").Wants(200)
			tab.Post("/api/auth/refresh", "").Wants(200)
			thief.Post("/api/auth/refresh", "").Wants(401)
			thief.Post("/api/auth/refresh", "").Wants(401) // it has ended: nothing new
		}, []string{"refresh_replay failure"}},
		{"to change the password wrongly", func() { change(client, "not the password").Wants(401) }, []string{"password_change failure"}},
		{"to change the password", func() { change(client, password).Wants(204) }, []string{"password_change success"}},
		{"to end the others", func() { client.Do(http.MethodDelete, "/api/user/sessions", "").Wants(204) }, []string{"other_sessions_end success"}},
		{"to sign out", func() { client.Post("/api/auth/logout", "").Wants(204) }, []string{"logout success"}},
		{"to sign out again", func() { client.Post("/api/auth/logout", "").Wants(204) }, nil},
	} {
		before := auditOf(t, s, id)
		if step.name == "to register" {
			before = nil
		}
		s.Clock.Move(time.Second)
		step.do()
		lines := auditOf(t, s, id)[len(before):]
		if got := events(lines); !slices.Equal(got, step.want) {
			t.Errorf("%s: %q, want %q", step.name, got, step.want)
		}
		for _, line := range lines {
			if line.UserID != id || line.IP != "127.0.0.1" || line.UserAgent == "" {
				t.Errorf("%s: %+v", step.name, line)
			}
			if begun := line.Outcome == "success"; begun && line.SessionID == "" {
				t.Errorf("%s: no session: %+v", step.name, line)
			}
			if step.name != "to register" && !line.At.Equal(s.Clock.Now()) {
				t.Errorf("%s: at %v, want %v", step.name, line.At, s.Clock.Now())
			}
		}
	}
}

func TestOldAuditLinesArePruned(t *testing.T) {
	s := servertest.Start(t)
	s.Alter(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1200)
		INSERT INTO audit (at, event, outcome, user_id, session_id, ip, user_agent) SELECT 1000, 'login', 'failure', '', '', '', '' FROM n`)
	s.Client().Post("/api/auth/login", servertest.Object("email", "nobody@example.com", "password", servertest.Password)).Wants(401)
	s.Stop()
	s = s.Again()
	servertest.Eventually(t, "only the new line is left", func() bool { return len(auditOf(t, s, "")) == 1 })
}

func TestAuditOfUnknownAccounts(t *testing.T) {
	s := servertest.Start(t)
	for i := range 2 {
		s.Client().Post("/api/auth/login", servertest.Object("email", fmt.Sprintf("nobody%d@example.com", i), "password", servertest.Password)).Wants(401)
	}
	if got := events(auditOf(t, s, "")); !slices.Equal(got, []string{"login failure", "login failure"}) {
		t.Errorf("lines: %q", got)
	}
}
