package auth_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"lychgate/server/config"
	"lychgate/server/origin"
	"lychgate/server/servertest"
)

// Whatever was changed since an access token was signed, it is good enough to
// revoke its session.
func TestSignOutWithAccessTokensOfOtherSettings(t *testing.T) {
	elsewhere, err := origin.Parse("http://localhost:9999")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name   string
		move   time.Duration
		change func(*config.Config)
	}{
		{"nothing", 0, func(*config.Config) {}},
		{"a shorter life", 0, func(c *config.Config) { c.AccessTTL = time.Minute }},
		{"a longer life, when it has expired", 2 * time.Hour, func(c *config.Config) { c.AccessTTL = time.Hour }},
		{"another origin", 0, func(c *config.Config) { c.Origin = elsewhere }},
		{"a clock set back", -time.Hour, func(*config.Config) {}},
		{"all of it", time.Hour, func(c *config.Config) { c.AccessTTL, c.Origin = time.Minute, elsewhere }},
	} {
		for _, carrier := range []string{"header", "cookie"} {
			t.Run(test.name+", by "+carrier, func(t *testing.T) {
				s := servertest.Start(t)
				client := s.Client()
				client.Register("ada@example.com")
				access, refresh := client.Cookie("accessToken"), client.Cookie("refreshToken")
				s.Stop()
				s.Clock.Move(test.move)
				s = s.Again(test.change)
				ask := func(path, body string, headers ...string) servertest.Answer {
					if s.Config.Origin == elsewhere {
						headers = append(headers, "Host", "localhost:9999")
					}
					return s.Client().Post(path, body, headers...)
				}
				if carrier == "header" {
					ask("/api/auth/logout", "", "Authorization", "Bearer "+access).Wants(http.StatusNoContent)
				} else {
					ask("/api/auth/logout", "", "Cookie", "accessToken="+access).Wants(http.StatusNoContent)
				}
				ask("/api/auth/refresh", servertest.Object("refreshToken", refresh)).WantsProblem(http.StatusUnauthorized, "session_ended")
			})
		}
	}
}

// A retired key is kept for as long as a session may live whose token it has
// signed; it verifies nothing meanwhile.
func TestSignOutWithATokenOfARetiredKey(t *testing.T) {
	s := servertest.Start(t, servertest.At(t, "https://app.example.com"))
	var script program
	clientOf(s).Register("ada@example.com")
	script.login(s)
	old := script.access
	follows(t, s, rotate(t, s))
	for range 29 {
		s.Clock.Move(24 * time.Hour)
		script.refreshes(s).Wants(http.StatusOK)
	}
	// It sweeps as it starts, old audit lines last.
	s.Stop()
	s.Alter(`INSERT INTO audit (at, event, outcome, user_id, session_id, ip, user_agent) VALUES (1000, 'login', 'failure', '', '', '', '')`)
	s = s.Again()
	servertest.Eventually(t, "it has swept", func() bool { return !slices.Contains(events(auditOf(t, s, "")), "login failure") })
	s.Stop()
	s = s.Again() // with the keys that are left

	profile(s, old).WantsProblem(http.StatusUnauthorized, "unauthenticated")
	profile(s, script.access).Wants(http.StatusOK)
	clientOf(s).Post("/api/auth/logout", "", "Authorization", "Bearer "+old).Wants(http.StatusNoContent)
	profile(s, script.access).WantsProblem(http.StatusUnauthorized, "unauthenticated")
	script.refreshes(s).WantsProblem(http.StatusUnauthorized, "session_ended")
}

// A proxy in front may ask for credentials of its own; beside good cookies they
// are ignored everywhere.
func TestOtherSchemesAreIgnored(t *testing.T) {
	for _, credentials := range []string{"Basic YTpi", `Digest username="Bearer x"`, "Negotiate YII=", "Token x", "bearer-like x", ""} {
		t.Run(credentials, func(t *testing.T) {
			s := servertest.Start(t)
			client := s.Client()
			client.Header.Set("Authorization", credentials)
			client.Register("ada@example.com")
			client.Login("ada@example.com")
			thief := client.Copy(s)
			s.Clock.Move(time.Hour)
			if answer := client.Get("/dashboard").Wants(http.StatusOK); len(answer.Cookies()) != 2 {
				t.Error("the session is not refreshed in passing")
			}
			client.Get(servertest.ProtectedAsset).Wants(http.StatusOK)
			client.Get("/api/user/profile").Wants(http.StatusOK)
			client.Do(http.MethodPatch, "/api/user/profile", `{"name":"Ada"}`).Wants(http.StatusOK)
			if body := client.Get("/api/auth/session").Wants(http.StatusOK).Body; !strings.Contains(body, `"authenticated":true`) {
				t.Errorf("session: %s", body)
			}
			client.Post("/api/auth/refresh", "").Wants(http.StatusOK)
			if answer := client.Post("/api/auth/logout", "").Wants(http.StatusNoContent); len(answer.Cookies()) != 2 {
				t.Error("the cookies are not cleared")
			}
			thief.Post("/api/auth/refresh", "").WantsProblem(http.StatusUnauthorized, "session_ended")
			thief.Get("/api/user/profile").WantsProblem(http.StatusUnauthorized, "unauthenticated")
		})
	}
}

// A Bearer header alone counts, also when it is malformed: the session in the
// cookies goes on, and they are kept.
func TestSignOutByAMalformedBearerHeader(t *testing.T) {
	for _, credentials := range []string{"Bearer", "bearer", "BEARER x", "Bearer: x", "Bearer  x"} {
		s := servertest.Start(t)
		client := s.Client()
		client.Register("ada@example.com")
		if answer := client.Post("/api/auth/logout", "", "Authorization", credentials).Wants(http.StatusNoContent); len(answer.Cookies()) != 0 {
			t.Errorf("%q: the cookies are cleared", credentials)
		}
		client.Get("/api/user/profile").Wants(http.StatusOK)
	}
}

// Signing out revokes what it can among duplicate cookies, and clears ours.
func TestSignOutWithDuplicateCookies(t *testing.T) {
	for _, cookies := range []string{
		"refreshToken=other; accessToken=<access>; refreshToken=<refresh>",
		"accessToken=other; refreshToken=other; accessToken=<access>; refreshToken=other",
		"refreshToken=<refresh>; refreshToken=A.1.B; accessToken=other; accessToken=other",
		"accessToken=<access>; accessToken=other",
		strings.Repeat("accessToken=a; refreshToken=b; ", 100) + "refreshToken=<refresh>",
		strings.Repeat("accessToken=a; refreshToken=b; ", 100) + "accessToken=<access>",
		"accessToken=<foreign>; refreshToken=<refresh>",
		"accessToken=<access>; refreshToken=<foreign>",
	} {
		t.Run(fmt.Sprintf("%.80s", cookies), func(t *testing.T) {
			s := servertest.Start(t)
			client, other := s.Client(), s.Client()
			client.Register("ada@example.com")
			other.Register("bob@example.com")
			foreign := other.Cookie("refreshToken")
			if strings.HasPrefix(cookies, "accessToken=<foreign>") {
				foreign = other.Cookie("accessToken")
			}
			words := strings.NewReplacer("<access>", client.Cookie("accessToken"), "<refresh>", client.Cookie("refreshToken"), "<foreign>", foreign)
			answer := s.Client().Post("/api/auth/logout", "", "Cookie", words.Replace(cookies)).Wants(http.StatusNoContent)
			if len(answer.Cookies()) != 2 {
				t.Error("the cookies are not cleared")
			}
			client.Get("/api/user/profile").WantsProblem(http.StatusUnauthorized, "unauthenticated")
			if strings.Contains(cookies, "<foreign>") {
				other.Get("/api/user/profile").WantsProblem(http.StatusUnauthorized, "unauthenticated")
			}
		})
	}
}
