package auth_test

import (
	"net/http"
	"testing"
	"time"

	"lychgate/server/config"
	"lychgate/server/servertest"
)

// wantsReason checks why the session of a client is said to count no longer. An
// empty reason means that none is given.
func wantsReason(t *testing.T, client *servertest.Client, reason string, headers ...string) {
	t.Helper()
	want := `{"authenticated":false}`
	if reason != "" {
		want = `{"authenticated":false,"reason":"` + reason + `"}`
	}
	if got := client.Get("/api/auth/session", headers...).Wants(http.StatusOK).Body; got != want+"\n" {
		t.Errorf("session: %swant %s", got, want)
	}
}

func TestWhySomebodyIsSignedOut(t *testing.T) {
	const email = "ada@example.com"
	disable := func(_ *testing.T, s *servertest.Server, _ *servertest.Client) {
		s.Alter(`UPDATE users SET disabled_at = 1`)
	}
	revoke := func(_ *testing.T, _ *servertest.Server, other *servertest.Client) {
		other.Do(http.MethodDelete, "/api/user/sessions", "").Wants(http.StatusNoContent)
	}
	wait := func(d time.Duration) func(*testing.T, *servertest.Server, *servertest.Client) {
		return func(_ *testing.T, s *servertest.Server, _ *servertest.Client) { s.Clock.Move(d) }
	}
	sweep := func(_ *testing.T, s *servertest.Server, _ *servertest.Client) { s.Alter(`DELETE FROM sessions`) }
	for _, test := range []struct {
		name   string
		what   []func(t *testing.T, s *servertest.Server, other *servertest.Client)
		reason string
	}{
		{"revoked by another session", []func(*testing.T, *servertest.Server, *servertest.Client){revoke}, "session_ended"},
		{"revoked and swept", []func(*testing.T, *servertest.Server, *servertest.Client){revoke, wait(time.Hour), sweep}, "session_ended"},
		{"unused for too long", []func(*testing.T, *servertest.Server, *servertest.Client){wait(25 * time.Hour)}, "session_expired"},
		{"unused for too long, and swept", []func(*testing.T, *servertest.Server, *servertest.Client){wait(25 * time.Hour), sweep}, "session_expired"},
		{"the account is disabled", []func(*testing.T, *servertest.Server, *servertest.Client){revoke, disable}, "account_disabled"},
		{"the account is disabled, and the session swept", []func(*testing.T, *servertest.Server, *servertest.Client){revoke, disable, sweep}, "account_disabled"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := servertest.Start(t, func(c *config.Config) { c.SessionIdle = 24 * time.Hour })
			client, other := s.Client(), s.Client()
			client.Register(email)
			other.Login(email)
			cookies := client.Copy(s)
			for _, what := range test.what {
				what(t, s, other)
			}
			// The guard leads to the login page, and leaves the cookies for it to ask with.
			client.Get("/dashboard").Wants(http.StatusSeeOther)
			wantsReason(t, client, test.reason)
			wantsReason(t, client, test.reason)

			// Nothing else than our own tokens proves which session it was.
			wantsReason(t, s.Client(), "")
			wantsReason(t, client, "", "Authorization", "Bearer "+cookies.Cookie("accessToken"))
			for _, name := range []string{"accessToken", "refreshToken"} {
				cookies.SetCookie(name, forged(cookies.Cookie(name)))
			}
			wantsReason(t, cookies, "")
		})
	}
}

// forged returns a token with one character of its signature changed.
func forged(token string) string {
	at := len(token) - 10
	other := byte('A')
	if token[at] == other {
		other = 'B'
	}
	return token[:at] + string(other) + token[at+1:]
}

func TestNoReasonAfterSigningOut(t *testing.T) {
	s := servertest.Start(t)
	client := s.Client()
	client.Register("ada@example.com")
	client.Post("/api/auth/logout", "").Wants(http.StatusNoContent)
	wantsReason(t, client, "")
}
