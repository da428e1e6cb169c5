package account_test

import (
	"net/http"
	"testing"
	"time"

	"lychgate/server/config"
	"lychgate/server/servertest"
)

// entry is one line of the list of sessions.
type entry struct {
	ID         string
	Current    bool
	CreatedAt  time.Time
	LastSeenAt time.Time
	IP         string
	UserAgent  string
}

func sessions(client *servertest.Client) []entry {
	var list struct{ Sessions []entry }
	client.Get("/api/user/sessions").Wants(http.StatusOK).Decode(&list)
	return list.Sessions
}

// current returns the id of the client's own session.
func current(t *testing.T, client *servertest.Client) string {
	t.Helper()
	for _, session := range sessions(client) {
		if session.Current {
			return session.ID
		}
	}
	t.Fatal("no session is the current one")
	return ""
}

func end(client *servertest.Client, id string) servertest.Answer {
	return client.Do(http.MethodDelete, "/api/user/sessions/"+id, "")
}

func TestSessions(t *testing.T) {
	s := servertest.Start(t)
	began := s.Clock.Now()
	phone, laptop, stranger := s.Client(), s.Client(), s.Client()
	phone.Header.Set("User-Agent", "a phone")
	laptop.Header.Set("User-Agent", "a laptop")
	phone.Register(email)
	s.Clock.Move(time.Minute)
	laptop.Login(email)
	stranger.Register("bob@example.com")
	s.Clock.Move(time.Minute)
	phone.Get("/api/user/profile").Wants(http.StatusOK)

	list := sessions(laptop)
	if len(list) != 2 {
		t.Fatalf("sessions: %+v", list)
	}
	// The newest first; when a session was last in use counts at once.
	for i, want := range []entry{
		{Current: true, UserAgent: "a laptop", CreatedAt: began.Add(time.Minute), LastSeenAt: began.Add(2 * time.Minute)},
		{Current: false, UserAgent: "a phone", CreatedAt: began, LastSeenAt: began.Add(2 * time.Minute)},
	} {
		want.ID, want.IP = list[i].ID, "127.0.0.1"
		if list[i] != want || list[i].ID == "" {
			t.Errorf("session %d: %+v, want %+v", i, list[i], want)
		}
	}
	if list := sessions(stranger); len(list) != 1 || !list[0].Current {
		t.Errorf("somebody else's sessions: %+v", list)
	}
	// A rotation is the same session.
	before := current(t, laptop)
	laptop.Post("/api/auth/refresh", "").Wants(http.StatusOK)
	if after := current(t, laptop); after != before {
		t.Errorf("session %s has become %s", before, after)
	}
}

func TestSessionsThatAreOverAreNotListed(t *testing.T) {
	s := servertest.Start(t, func(c *config.Config) { c.SessionIdle = time.Hour })
	client, leaver, idler := s.Client(), s.Client(), s.Client()
	client.Register(email)
	leaver.Login(email)
	idler.Login(email)
	leaver.Post("/api/auth/logout", "").Wants(http.StatusNoContent)
	if list := sessions(client); len(list) != 2 {
		t.Errorf("after a sign-out: %+v", list)
	}
	idle := current(t, idler)
	s.Clock.Move(50 * time.Minute)
	client.Get("/api/user/profile").Wants(http.StatusOK)
	s.Clock.Move(20 * time.Minute)
	if list := sessions(client); len(list) != 1 || !list[0].Current {
		t.Errorf("after the other one has lapsed: %+v", list)
	}
	end(client, idle).WantsProblem(http.StatusNotFound, "not_found")
}

func TestRevokeSession(t *testing.T) {
	s := servertest.Start(t)
	client, other, stranger := s.Client(), s.Client(), s.Client()
	client.Register(email)
	other.Login(email)
	stranger.Register("bob@example.com")
	id := current(t, other)

	for _, id := range []string{current(t, stranger), "unknown", "%00", "'%20OR%201=1%20--", "*"} {
		end(client, id).WantsProblem(http.StatusNotFound, "not_found")
	}
	isSignedIn(t, stranger)
	isSignedIn(t, other)

	answer := end(client, id).Wants(http.StatusNoContent)
	if len(answer.Cookies()) != 0 {
		t.Errorf("own cookies were changed: %v", answer.Cookies())
	}
	isSignedOut(t, other)
	isSignedIn(t, client)
	end(client, id).WantsProblem(http.StatusNotFound, "not_found")
	if list := sessions(client); len(list) != 1 {
		t.Errorf("left: %+v", list)
	}
}

func TestEndOwnSession(t *testing.T) {
	s := servertest.Start(t)
	client := s.Client()
	client.Register(email)
	tab := client.Copy(s)
	answer := end(client, current(t, client)).Wants(http.StatusNoContent)
	if len(answer.Cookies()) != 2 {
		t.Errorf("cookies: %v, want two", answer.Cookies())
	}
	for _, cookie := range answer.Cookies() {
		if cookie.Value != "" || cookie.MaxAge >= 0 {
			t.Errorf("not cleared: %s", cookie)
		}
	}
	isSignedOut(t, tab)
}

// Where the session was refreshed in passing, the cookies are cleared all the
// same: the last word counts.
func TestEndOwnSessionWithAnExpiredAccessToken(t *testing.T) {
	s := servertest.Start(t)
	client := s.Client()
	client.Register(email)
	id := current(t, client)
	s.Clock.Move(time.Hour)
	answer := end(client, id).Wants(http.StatusNoContent)
	if cookies := answer.Cookies(); len(cookies) != 2 || cookies[0].Value != "" || cookies[1].Value != "" {
		t.Errorf("cookies: %v", cookies)
	}
	if client.Cookie("accessToken") != "" || client.Cookie("refreshToken") != "" {
		t.Error("tokens are left")
	}
}

func TestEndOtherSessions(t *testing.T) {
	s := servertest.Start(t)
	client, stranger := s.Client(), s.Client()
	client.Register(email)
	stranger.Register("bob@example.com")
	others := make([]*servertest.Client, 3)
	for i := range others {
		others[i] = s.Client()
		others[i].Login(email)
	}
	for range 2 { // the second time there is nothing to do
		client.Do(http.MethodDelete, "/api/user/sessions", "").Wants(http.StatusNoContent)
	}
	for _, other := range others {
		isSignedOut(t, other)
	}
	isSignedIn(t, client)
	isSignedIn(t, stranger)
	client.Do(http.MethodDelete, "/api/user/sessions", `{"all":true}`).WantsProblem(http.StatusUnprocessableEntity, "validation_failed")
}
