package auth_test

import (
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lychgate/server/audit"
	"lychgate/server/servertest"
	"lychgate/server/store"
	"lychgate/server/user"
)

// worker is a signed-in client that asks for a page and the API in turn,
// without a pause.
type worker struct {
	client    *servertest.Client
	name      string
	sessionID string
	// ended is when no request may succeed any more, in nanoseconds since 1970:
	// zero while the session lives.
	ended  atomic.Int64
	served int // requests that succeeded
}

// hammer asks until enough requests have begun after the end of the session.
func (w *worker) hammer(t *testing.T) {
	const enough = 20
	paths := []string{"/dashboard", "/api/user/profile", "/dashboard.txt"}
	for i, afterwards := 0, 0; afterwards < enough; i++ {
		ended := w.ended.Load()
		over := ended != 0 && time.Now().UnixNano() > ended
		answer, err := w.client.Try(http.MethodGet, paths[i%len(paths)], "")
		switch {
		case err != nil:
			t.Errorf("%s: %v", w.name, err)
			return
		case answer.StatusCode == http.StatusOK && over:
			t.Errorf("%s: %s was served after the session's end", w.name, paths[i%len(paths)])
			return
		case answer.StatusCode == http.StatusOK:
			w.served++
		case ended == 0 && w.ended.Load() == 0 && answer.StatusCode >= 500:
			t.Errorf("%s: status %d while the session lives", w.name, answer.StatusCode)
			return
		}
		if over {
			afterwards++
		}
	}
}

// endAfter says that no request of the workers may succeed after a while from
// now on.
func endAfter(while time.Duration, workers ...*worker) {
	for _, w := range workers {
		w.ended.Store(time.Now().Add(while).UnixNano())
	}
}

// Sessions are ended in every way there is while 64 clients, half of them with
// cookies and half with Bearer tokens, ask for pages and the API: nothing that
// begins after the answer to the ending succeeds, or a second after another
// process has ended it.
func TestRevocationUnderLoad(t *testing.T) {
	const perAccount = 4
	s := servertest.Start(t)
	db, err := store.Open(t.Context(), s.Config.DatabasePath()) // as another process would
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	operator := user.Service{Store: db, Now: s.Clock.Now}
	const elsewhere = time.Second

	type account struct {
		email   string
		owner   *servertest.Client
		workers []*worker
	}
	one := func(end func(a account, w *worker)) func(account) {
		return func(a account) {
			for _, w := range a.workers {
				end(a, w)
			}
		}
	}
	found := func(a account) store.User {
		user, err := operator.ByEmail(t.Context(), a.email)
		if err != nil {
			t.Fatal(err)
		}
		return user
	}
	ways := []struct {
		name string
		end  func(account)
	}{
		{"one by one, by the person", one(func(a account, w *worker) {
			a.owner.Do(http.MethodDelete, "/api/user/sessions/"+w.sessionID, "").Wants(http.StatusNoContent)
			endAfter(0, w)
		})},
		{"all others, by the person", func(a account) {
			a.owner.Do(http.MethodDelete, "/api/user/sessions", "").Wants(http.StatusNoContent)
			endAfter(0, a.workers...)
		}},
		{"by a change of the password", func(a account) {
			a.owner.Post("/api/user/password", servertest.Object("currentPassword", servertest.Password, "newPassword", "another horse battery")).Wants(http.StatusNoContent)
			endAfter(0, a.workers...)
		}},
		{"by sign-out", one(func(_ account, w *worker) {
			leaving := w.client.Copy(s)
			leaving.Header = w.client.Header.Clone()
			leaving.Post("/api/auth/logout", "").Wants(http.StatusNoContent)
			endAfter(0, w)
		})},
		{"one by one, by the operator", one(func(_ account, w *worker) {
			if err := operator.RevokeSession(t.Context(), w.sessionID, audit.CommandLine()); err != nil {
				t.Error(err)
			}
			endAfter(elsewhere, w)
		})},
		{"all, by the operator", func(a account) {
			if ended, err := operator.RevokeSessions(t.Context(), found(a).ID, audit.CommandLine()); err != nil || ended != perAccount+1 {
				t.Errorf("%d ended, %v", ended, err)
			}
			endAfter(elsewhere, a.workers...)
		}},
		{"with the account disabled", func(a account) {
			if err := operator.Disable(t.Context(), found(a).ID, audit.CommandLine()); err != nil {
				t.Error(err)
			}
			endAfter(elsewhere, a.workers...)
		}},
		{"with the account deleted", func(a account) {
			if err := operator.Delete(t.Context(), found(a), audit.CommandLine()); err != nil {
				t.Error(err)
			}
			endAfter(elsewhere, a.workers...)
		}},
	}

	accounts := make([]account, 2*len(ways)) // 16 with 4 clients each
	for i := range accounts {
		a := account{email: fmt.Sprintf("p%d@example.com", i), owner: s.Client()}
		a.owner.Register(a.email)
		for j := range perAccount {
			w := &worker{client: s.Client(), name: fmt.Sprintf("%s, client %d", ways[i%len(ways)].name, j)}
			if j%2 == 0 {
				w.client.Login(a.email)
			} else {
				token := w.client.Post("/api/auth/login", servertest.Object("email", a.email, "password", servertest.Password, "tokenDelivery", "body")).Wants(http.StatusOK).Text("accessToken")
				w.client.Header.Set("Authorization", "Bearer "+token)
			}
			w.sessionID = currentSession(t, w.client)
			a.workers = append(a.workers, w)
		}
		accounts[i] = a
	}

	var hammering sync.WaitGroup
	for _, a := range accounts {
		for _, w := range a.workers {
			hammering.Go(func() { w.hammer(t) })
		}
	}
	for i, a := range accounts {
		ways[i%len(ways)].end(a)
	}
	hammering.Wait()
	served := 0
	for _, a := range accounts {
		for _, w := range a.workers {
			served += w.served
		}
	}
	if served < 64 {
		t.Errorf("%d requests were served before: there was no load", served)
	}
	t.Logf("%d requests were served before the sessions ended, none after", served)
}

type sessionInfo struct {
	ID                    string
	Current               bool
	CreatedAt, LastSeenAt time.Time
}

func sessionsOf(client *servertest.Client) []sessionInfo {
	var list struct{ Sessions []sessionInfo }
	client.Get("/api/user/sessions").Wants(http.StatusOK).Decode(&list)
	return list.Sessions
}

func currentSession(t *testing.T, client *servertest.Client) string {
	t.Helper()
	for _, session := range sessionsOf(client) {
		if session.Current {
			return session.ID
		}
	}
	t.Fatal("no session is the current one")
	return ""
}

// Sixteen tabs refresh at once, turn after turn, some of them without ever
// getting the answer, and the server is restarted: nobody is signed out, and
// it is one session all along.
func TestRefreshUnderLoad(t *testing.T) {
	const tabs, turns = 16, 20
	s := servertest.Start(t)
	client := s.Client()
	client.Register("ada@example.com")
	session := currentSession(t, client)
	for turn := range turns {
		if turn == turns/2 {
			s.Stop()
			s = s.Again()
		}
		var (
			all        sync.WaitGroup
			mu         sync.Mutex
			successors = map[string]*servertest.Client{}
		)
		refresh := func() {
			tab := client.Copy(s)
			if answer, err := tab.Try(http.MethodPost, "/api/auth/refresh", ""); err != nil || answer.StatusCode != http.StatusOK {
				t.Errorf("turn %d: a tab was signed out: %v: %s", turn, err, answer.Body)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			successors[tab.Cookie("refreshToken")] = tab
		}
		for i := range tabs {
			all.Go(func() {
				refresh()
				if i%4 == 0 { // that answer never arrived: it comes with the same token again
					refresh()
				}
			})
		}
		all.Wait()
		if len(successors) != 1 {
			t.Fatalf("turn %d: %d successors of one token", turn, len(successors))
		}
		for _, tab := range successors {
			client = tab
		}
		s.Clock.Move(time.Minute)
	}
	if sessions := sessionsOf(client); len(sessions) != 1 || sessions[0].ID != session {
		t.Errorf("sessions %+v, want %s alone", sessions, session)
	}
}
