package account_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"lychgate/server/servertest"
)

type event struct {
	At                                time.Time
	ID, Event, Outcome, IP, UserAgent string
	Alert                             bool
}

func eventsOf(client *servertest.Client) []event {
	var list struct{ Events []event }
	client.Get("/api/user/events").Wants(http.StatusOK).Decode(&list)
	return list.Events
}

func alerts(events []event) (names []string) {
	for _, e := range events {
		if e.Alert {
			names = append(names, e.Event)
		}
	}
	return names
}

func TestEvents(t *testing.T) {
	s := servertest.Start(t)
	ada, bob := s.Client(), s.Client()
	ada.Get("/api/user/events").WantsProblem(http.StatusUnauthorized, "unauthenticated")
	ada.Post("/api/user/events/1/seen", "").WantsProblem(http.StatusUnauthorized, "unauthenticated")
	ada.Header.Set("User-Agent", "a test")
	ada.Register(email)
	bob.Register("bob@example.com")
	s.Client().Post("/api/auth/login", servertest.Object("email", email, "password", "a wrong guess")).Wants(http.StatusUnauthorized)

	events := eventsOf(ada)
	if len(events) != 2 || events[0].Event != "login" || events[0].Outcome != "failure" || events[1].Event != "register" || events[1].Outcome != "success" {
		t.Fatalf("events: %+v", events)
	}
	if first := events[1]; first.UserAgent != "a test" || first.IP == "" || !first.At.Equal(s.Clock.Now()) || first.Alert {
		t.Errorf("the first event: %+v", first)
	}
	if others := eventsOf(bob); len(others) != 1 || others[0].Event != "register" {
		t.Errorf("somebody else's events: %+v", others)
	}
}

// A replayed refresh token is told once, to whoever signs in next, however much
// has happened since.
func TestReplayIsToldOnce(t *testing.T) {
	s := servertest.Start(t)
	ada := s.Client()
	ada.Register(email)
	stolen := ada.Cookie("refreshToken")
	ada.Post("/api/auth/refresh", "").Wants(http.StatusOK)
	s.Clock.Move(s.Config.RefreshGrace + time.Second)
	thief := s.Client()
	thief.SetCookie("refreshToken", stolen)
	thief.Post("/api/auth/refresh", "").WantsProblem(http.StatusUnauthorized, "session_ended")

	for range 100 {
		s.Client().Post("/api/auth/login", servertest.Object("email", email, "password", "a wrong guess")).Wants(http.StatusUnauthorized)
	}
	ada.Login(email)
	events := eventsOf(ada)
	if got := alerts(events); !slices.Equal(got, []string{"refresh_replay"}) {
		t.Errorf("alerts: %q", got)
	}
	if len(events) != 23 { // registered, signed in; 20 failures and the alert
		t.Errorf("%d events, want the last of each kind and the alert", len(events))
	}
	if got := alerts(eventsOf(ada)); len(got) != 1 {
		t.Errorf("alerts before they were seen: %q", got)
	}
	at := slices.IndexFunc(events, func(e event) bool { return e.Alert })
	bob := s.Client()
	bob.Register("bob@example.com")
	for _, id := range []string{events[at].ID, "0", "x", "99999999999999999999"} {
		bob.Post("/api/user/events/"+id+"/seen", "").WantsProblem(http.StatusNotFound, "not_found")
	}
	ada.Post("/api/user/events/"+events[at+1].ID+"/seen", "").Wants(http.StatusNoContent)
	if got := alerts(eventsOf(ada)); len(got) != 1 {
		t.Errorf("alerts after an earlier event was seen: %q", got)
	}
	ada.Post("/api/user/events/"+events[at].ID+"/seen", "").Wants(http.StatusNoContent)
	if got := alerts(eventsOf(ada)); got != nil {
		t.Errorf("alerts after they were seen: %q", got)
	}
}

// A database that was put back from a backup knows older generations than the
// browsers have: they sign in again, and nobody is alarmed.
func TestNoAlarmAfterARestore(t *testing.T) {
	s := servertest.Start(t)
	ada := s.Client()
	ada.Register(email)
	for range 3 {
		ada.Post("/api/auth/refresh", "").Wants(http.StatusOK)
	}
	s.Alter(`UPDATE sessions SET generation = 1`)
	ada.Post("/api/auth/refresh", "").WantsProblem(http.StatusUnauthorized, "session_ended")
	ada.Login(email)
	if got := alerts(eventsOf(ada)); got != nil {
		t.Errorf("alerts: %q", got)
	}
}
