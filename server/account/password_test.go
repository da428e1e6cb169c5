package account_test

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lychgate/server/config"
	"lychgate/server/servertest"
)

const newPassword = "another horse battery staple"

func change(client *servertest.Client, current, next string) servertest.Answer {
	return client.Post("/api/user/password", servertest.Object("currentPassword", current, "newPassword", next))
}

func login(s *servertest.Server, password string) servertest.Answer {
	return s.Client().Post("/api/auth/login", servertest.Object("email", email, "password", password))
}

func TestChangePassword(t *testing.T) {
	s := servertest.Start(t)
	client, other := s.Client(), s.Client()
	client.Register(email)
	other.Login(email)
	stolen := client.Copy(s)

	change(client, servertest.Password, newPassword).Wants(http.StatusNoContent)
	isSignedIn(t, client)
	client.Post("/api/auth/refresh", "").Wants(http.StatusOK)
	isSignedOut(t, other)
	isSignedIn(t, stolen) // the same session: nothing tells the two apart, and the grace lasts
	login(s, servertest.Password).WantsProblem(http.StatusUnauthorized, "invalid_credentials")
	login(s, newPassword).Wants(http.StatusOK)
}

func TestChangePasswordRefuses(t *testing.T) {
	s := servertest.Start(t)
	client, other := s.Client(), s.Client()
	client.Register(email)
	other.Login(email)
	for _, test := range []struct {
		name, body string
		status     int
		faults     []string // field and code in turn
	}{
		{"a wrong current password", servertest.Object("currentPassword", "not the password", "newPassword", newPassword), 401, nil},
		{"the current password and more", servertest.Object("currentPassword", servertest.Password+"x", "newPassword", newPassword), 401, nil},
		{"no current password", servertest.Object("newPassword", newPassword), 422, []string{"currentPassword", "required"}},
		{"no new password", servertest.Object("currentPassword", servertest.Password), 422, []string{"newPassword", "required"}},
		{"nothing", `{}`, 422, []string{"newPassword", "required", "currentPassword", "required"}},
		{"seven characters", servertest.Object("currentPassword", servertest.Password, "newPassword", "sevench"), 422, []string{"newPassword", "too_short"}},
		{"one character", servertest.Object("currentPassword", servertest.Password, "newPassword", "zzzzzzzzz"), 422, []string{"newPassword", "too_common"}},
		{"a run", servertest.Object("currentPassword", servertest.Password, "newPassword", "IJKLMNOPQ"), 422, []string{"newPassword", "too_common"}},
		{"257 characters", servertest.Object("currentPassword", servertest.Password, "newPassword", strings.Repeat("x", 257)), 422, []string{"newPassword", "too_long"}},
		{"a NUL", servertest.Object("currentPassword", servertest.Password, "newPassword", "a\x00long enough"), 422, []string{"newPassword", "invalid_character"}},
		{"a common one", servertest.Object("currentPassword", servertest.Password, "newPassword", "Password1"), 422, []string{"newPassword", "too_common"}},
		{"the address", servertest.Object("currentPassword", servertest.Password, "newPassword", "ADA@example.com"), 422, []string{"newPassword", "personal"}},
		{"the same one", servertest.Object("currentPassword", servertest.Password, "newPassword", servertest.Password), 422, []string{"newPassword", "unchanged"}},
		{"a wrong one twice", servertest.Object("currentPassword", "not the password", "newPassword", "not the password"), 422, []string{"newPassword", "unchanged"}},
		{"a fault and a wrong current password", servertest.Object("currentPassword", "not the password", "newPassword", "short"), 422, []string{"newPassword", "too_short"}},
		{"an unknown field", servertest.Object("currentPassword", servertest.Password, "newPassword", newPassword, "userId", "x"), 422, []string{"userId", "unknown_field"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			answer := client.Post("/api/user/password", test.body)
			if test.faults == nil {
				answer.WantsProblem(test.status, "invalid_credentials")
			} else {
				var got []string
				for _, fault := range answer.WantsProblem(test.status, "validation_failed") {
					got = append(got, fault.Field, fault.Code)
				}
				if strings.Join(got, " ") != strings.Join(test.faults, " ") {
					t.Errorf("faults %q, want %q", got, test.faults)
				}
			}
			isSignedIn(t, other)
			login(s, servertest.Password).Wants(http.StatusOK)
		})
	}
}

// A keyboard that encodes the same characters in another way makes no new password.
func TestTheSamePasswordInAnotherUnicodeForm(t *testing.T) {
	s := servertest.Start(t)
	client := s.Client()
	client.Register(email)
	composed, decomposed := "caf\u00e9 by the old gate", "cafe\u0301 by the old gate"
	change(client, servertest.Password, composed).Wants(http.StatusNoContent)
	faults := change(client, composed, decomposed).WantsProblem(http.StatusUnprocessableEntity, "validation_failed")
	if len(faults) != 1 || faults[0].Code != "unchanged" {
		t.Errorf("faults %q", faults)
	}
}

// Somebody who is signed in is not told of an e-mail address, which they gave
// nowhere.
func TestTheWordsForAWrongCurrentPassword(t *testing.T) {
	s := servertest.Start(t)
	client := s.Client()
	client.Register(email)
	answer := change(client, "not the password", newPassword)
	answer.WantsProblem(http.StatusUnauthorized, "invalid_credentials")
	if detail := answer.Text("detail"); detail != "The current password is not right." {
		t.Errorf("detail %q", detail)
	}
}

// Whoever has got hold of a session cannot guess the password through it.
func TestWrongCurrentPasswordsAreFailedSignIns(t *testing.T) {
	s := servertest.Start(t, func(c *config.Config) {
		c.LoginAttempts = config.Rate{Attempts: 3, Per: time.Minute}
	})
	client := s.Client()
	client.Register(email)
	for range 2 {
		change(client, "not the password", newPassword).WantsProblem(http.StatusUnauthorized, "invalid_credentials")
	}
	login(s, "not the password").Wants(http.StatusUnauthorized)
	for _, answer := range []servertest.Answer{change(client, servertest.Password, newPassword), login(s, servertest.Password)} {
		answer.WantsProblem(http.StatusTooManyRequests, "rate_limited")
		if answer.Header.Get("Retry-After") != "20" {
			t.Errorf("Retry-After: %s, want 20", answer.Header.Get("Retry-After"))
		}
	}
	isSignedIn(t, client) // nothing else is limited

	s.Clock.Move(20 * time.Second)
	change(client, servertest.Password, newPassword).Wants(http.StatusNoContent)
	// Success has cleared the pair; and a fault of the fields is no attempt.
	for range 4 {
		change(client, newPassword, "short").Wants(http.StatusUnprocessableEntity)
	}
	for range 3 {
		change(client, "not the password", servertest.Password).Wants(http.StatusUnauthorized)
	}
	change(client, newPassword, servertest.Password).Wants(http.StatusTooManyRequests)
}

// Of changes that race one wins, and what it has ended stays out: a change
// that was begun with the old password counts no more once there is a new one.
func TestOneOfManyPasswordChangesWins(t *testing.T) {
	s := servertest.Start(t)
	s.Client().Register(email)
	for range 5 {
		clients := make([]*servertest.Client, 8)
		for i := range clients {
			clients[i] = s.Client()
			clients[i].Login(email)
		}
		var (
			all    sync.WaitGroup
			won    atomic.Int32
			winner atomic.Pointer[servertest.Client]
		)
		for _, client := range clients {
			all.Go(func() {
				answer, err := client.Try(http.MethodPost, "/api/user/password",
					servertest.Object("currentPassword", servertest.Password, "newPassword", newPassword))
				switch {
				case err != nil:
					t.Error(err)
				case answer.StatusCode == http.StatusNoContent:
					won.Add(1)
					winner.Store(client)
				case answer.StatusCode != http.StatusUnauthorized:
					t.Errorf("status %d: %s", answer.StatusCode, answer.Body)
				}
			})
		}
		all.Wait()
		if won.Load() != 1 {
			t.Fatalf("%d changes won, want 1", won.Load())
		}
		for _, client := range clients {
			if client == winner.Load() {
				isSignedIn(t, client)
			} else {
				isSignedOut(t, client)
			}
		}
		change(winner.Load(), newPassword, servertest.Password).Wants(http.StatusNoContent)
	}
}
