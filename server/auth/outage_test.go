package auth_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"lychgate/server/servertest"
)

// reads are what a signed-in person can read.
var reads = []string{
	"/dashboard", "/dashboard/settings", "/dashboard.txt", servertest.ProtectedAsset,
	"/api/user/profile", "/api/auth/session", "/api/user/sessions", "/api/user/events",
}

// Identity without rotation is enough for a read: while the database takes no
// writes, whoever is signed in goes on reading, also when the access token has
// expired.
func TestReadsGoOnWhileTheDatabaseTakesNoWrites(t *testing.T) {
	for name, outage := range map[string]func(*servertest.Server) (end func()){
		"it is locked": func(s *servertest.Server) func() {
			release := s.HoldDatabase()
			return func() { release() }
		},
		"it is full": func(s *servertest.Server) func() { return refuseWrites(s, "UPDATE ON sessions") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := servertest.Start(t)
			client := s.Client()
			client.Register(ada)
			leaver := s.Client()
			leaver.Login(ada)
			left := leaver.Copy(s)
			leaver.Post("/api/auth/logout", "").Wants(http.StatusNoContent)
			s.Clock.Move(time.Hour)
			end := outage(s)
			for _, path := range reads {
				for _, method := range []string{http.MethodGet, http.MethodHead} {
					answer := client.Do(method, path, "").Wants(http.StatusOK)
					if len(answer.Cookies()) > 0 {
						t.Errorf("%s %s: cookies are set", method, path)
					}
					if path == "/api/auth/session" && method == http.MethodGet && !strings.Contains(answer.Body, `"authenticated":true`) {
						t.Errorf("session: %s", answer.Body)
					}
				}
			}
			for _, op := range []struct{ method, path, body string }{
				{http.MethodPatch, "/api/user/profile", `{"name":"Ada"}`},
				{http.MethodPost, "/api/auth/refresh", ""},
			} {
				answer := client.Do(op.method, op.path, op.body)
				answer.WantsProblem(http.StatusServiceUnavailable, "unavailable")
				if answer.Header.Get("Retry-After") == "" {
					t.Errorf("%s %s: no Retry-After", op.method, op.path)
				}
			}
			s.Client().Get("/dashboard").Wants(http.StatusSeeOther)
			left.Get("/dashboard").Wants(http.StatusSeeOther) // and is no sign that the outage is over
			s.Client().Get("/api/user/profile", "Cookie", "refreshToken="+client.Cookie("refreshToken")+"x").
				WantsProblem(http.StatusUnauthorized, "unauthenticated")
			end()
			servertest.Eventually(t, "sessions are rotated again", func() bool {
				return len(client.Get("/dashboard").Wants(http.StatusOK).Cookies()) == 2
			})
			for _, words := range []string{"the store cannot be written to", "the store can be written to again"} {
				if got := strings.Count(s.Log.String(), words); got != 1 {
					t.Errorf("%d log lines say that %s", got, words)
				}
			}
		})
	}
}

// Making the tokens of a rotation that has been needs no write.
func TestTabsWithinTheGraceWhileTheDatabaseTakesNoWrites(t *testing.T) {
	s := servertest.Start(t)
	client := s.Client()
	client.Register(ada)
	s.Clock.Move(time.Hour)
	tab := client.Copy(s)
	client.Post("/api/auth/refresh", "").Wants(http.StatusOK)
	refuseWrites(s, "UPDATE ON sessions")
	late := client.Copy(s)
	late.SetCookie("accessToken", "")
	late.Get("/dashboard").Wants(http.StatusOK) // which finds out that nothing is written
	tab.Get("/dashboard").Wants(http.StatusOK)
	if tab.Cookie("refreshToken") != client.Cookie("refreshToken") {
		t.Error("the tab has not got the successor")
	}
}
