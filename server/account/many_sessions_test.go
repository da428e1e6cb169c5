package account_test

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"lychgate/server/config"
	"lychgate/server/servertest"
)

// many is more sessions than Lychgate lets an account have: databases from before
// it had a limit may hold them.
const many = 3000

// addSessions gives an account that many more sessions, each begun and seen a
// second before the one before.
func addSessions(s *servertest.Server, email string, count int) {
	s.Alter(fmt.Sprintf(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)
		INSERT INTO sessions (id, user_id, generation, rotated_at, created_at, last_seen_at, ip, user_agent)
		SELECT 'added' || i, (SELECT id FROM users WHERE email = '%s'), 1, %d - i * 1000, %d - i * 1000, %d - i * 1000, '192.0.2.1', 'a browser' FROM n`,
		count, email, s.Clock.Now().UnixMilli(), s.Clock.Now().UnixMilli(), s.Clock.Now().UnixMilli()))
}

type page struct {
	Sessions []entry
	Next     string
}

func pageAfter(client *servertest.Client, after string) (list page) {
	path := "/api/user/sessions"
	if after != "" {
		path += "?after=" + url.QueryEscape(after)
	}
	client.Get(path).Wants(http.StatusOK).Decode(&list)
	return list
}

// allSessions reads every page.
func allSessions(t *testing.T, client *servertest.Client) (list []entry) {
	t.Helper()
	for next, pages := "", 0; pages == 0 || next != ""; pages++ {
		p := pageAfter(client, next)
		if len(p.Sessions) > 100 {
			t.Fatalf("a page of %d", len(p.Sessions))
		}
		list, next = append(list, p.Sessions...), p.Next
		if pages > 100 {
			t.Fatal("the pages have no end")
		}
	}
	return list
}

func TestPagesOfSessions(t *testing.T) {
	s := servertest.Start(t, func(c *config.Config) { c.SessionIdle = time.Hour })
	client, stranger := s.Client(), s.Client()
	client.Register(email)
	stranger.Register("bob@example.com")
	own := current(t, client)
	s.Alter(fmt.Sprintf(`UPDATE sessions SET created_at = created_at - 2500000 WHERE id = '%s'`, own)) // in the middle
	addSessions(s, email, many)
	first := pageAfter(client, "")
	if len(first.Sessions) != 100 || !first.Sessions[0].Current || first.Sessions[0].ID != own || first.Sessions[1].ID != "added1" || first.Next == "" {
		t.Errorf("the first page: %d, %+v, next %q", len(first.Sessions), first.Sessions[:2], first.Next)
	}
	// Those not seen for an hour have lapsed: the end of the list.
	s.Alter(fmt.Sprintf(`UPDATE sessions SET last_seen_at = %d WHERE id <> 'added7'`, s.Clock.Now().UnixMilli()))
	s.Alter(fmt.Sprintf(`UPDATE sessions SET last_seen_at = %d WHERE id = 'added7'`, s.Clock.Now().Add(-2*time.Hour).UnixMilli()))
	seen := map[string]bool{}
	for i, session := range allSessions(t, client) {
		if seen[session.ID] || session.Current != (i == 0) || session.ID == "added7" {
			t.Fatalf("session %d: %+v", i, session)
		}
		seen[session.ID] = true
	}
	if len(seen) != many {
		t.Errorf("%d sessions in all pages, want %d", len(seen), many)
	}

	// A place in somebody else's list is one in the own list, and no more.
	for _, session := range pageAfter(stranger, first.Next).Sessions {
		t.Errorf("somebody else sees %+v", session)
	}
	for what, query := range map[string]string{
		"nothing":            "after=",
		"no place":           "after=x",
		"another spelling":   "after=" + first.Next + "=",
		"a place twice":      "after=" + first.Next + "&after=" + first.Next,
		"an unknown name":    "page=2",
		"a name in capitals": "After=" + first.Next,
		"one more name":      "after=" + first.Next + "&limit=1000000",
	} {
		if faults := client.Get("/api/user/sessions?"+query).WantsProblem(http.StatusUnprocessableEntity, "validation_failed"); len(faults) != 1 {
			t.Errorf("%s: %+v", what, faults)
		}
	}
	client.Get("/api/user/sessions?after=%zz").WantsProblem(http.StatusBadRequest, "invalid_request")
}

// Lapsed sessions that were not swept out yet neither show nor make a page cost
// more than others.
func TestPagesOfLapsedSessions(t *testing.T) {
	s := servertest.Start(t, func(c *config.Config) { c.SessionIdle = time.Minute })
	client := s.Client()
	client.Register(email)
	addSessions(s, email, many) // 59 of them may go on,
	// and this one, which is behind all others. A sweep may come at any time.
	s.Alter(fmt.Sprintf(`INSERT INTO sessions (id, user_id, generation, rotated_at, created_at, last_seen_at, ip, user_agent)
		SELECT 'last', id, 1, %[1]d, %[1]d - 1000 * 1000 * 60, %[1]d, '192.0.2.1', 'a browser' FROM users WHERE email = '%[2]s'`, s.Clock.Now().UnixMilli(), email))
	list := allSessions(t, client)
	if len(list) != 61 || !list[0].Current || list[60].ID != "last" {
		t.Errorf("%d sessions, want 61", len(list))
	}
}

func TestManySessionsAreEnded(t *testing.T) {
	for name, end := range map[string]func(*servertest.Client){
		"ended": func(client *servertest.Client) {
			client.Do(http.MethodDelete, "/api/user/sessions", "").Wants(http.StatusNoContent)
		},
		"by a new password": func(client *servertest.Client) {
			client.Post("/api/user/password", servertest.Object("currentPassword", servertest.Password, "newPassword", "another horse battery")).Wants(http.StatusNoContent)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := servertest.Start(t)
			client, other, stranger := s.Client(), s.Client(), s.Client()
			client.Register(email)
			other.Login(email)
			stranger.Register("bob@example.com")
			addSessions(s, email, many)
			end(client)
			isSignedOut(t, other)
			isSignedIn(t, client)
			isSignedIn(t, stranger)
			if list := allSessions(t, client); len(list) != 1 || !list[0].Current {
				t.Errorf("%d sessions are left", len(list))
			}
			if events := eventsOf(client); events[0].Outcome != "success" || len(events) != 3 {
				t.Errorf("events: %+v", events)
			}
		})
	}
}
