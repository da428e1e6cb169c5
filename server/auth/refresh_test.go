package auth_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"lychgate/server/config"
	"lychgate/server/servertest"
)

func TestRefreshRotates(t *testing.T) {
	client := servertest.Start(t).Client()
	client.Register("ada@example.com")
	access, refresh := client.Cookie("accessToken"), client.Cookie("refreshToken")
	answer := client.Post("/api/auth/refresh", "").Wants(http.StatusOK)
	if answer.Body != "{\"expiresIn\":900}\n" {
		t.Errorf("body: %s", answer.Body)
	}
	if client.Cookie("accessToken") == access || client.Cookie("refreshToken") == refresh {
		t.Error("the tokens are still the same")
	}
}

func TestRefreshIsIdempotent(t *testing.T) {
	server := servertest.Start(t)
	client := server.Client()
	client.Register("ada@example.com")
	first := client.Cookie("refreshToken")

	const tabs = 16
	var (
		all        sync.WaitGroup
		mu         sync.Mutex
		successors = map[string]int{}
	)
	for range tabs {
		tab := client.Copy(server)
		all.Go(func() {
			answer, err := tab.Try(http.MethodPost, "/api/auth/refresh", "")
			if err != nil || answer.StatusCode != http.StatusOK {
				t.Errorf("a tab was signed out: %v %v", answer.StatusCode, err)
			}
			mu.Lock()
			defer mu.Unlock()
			successors[tab.Cookie("refreshToken")]++
		})
	}
	all.Wait()
	if len(successors) != 1 || successors[first] != 0 {
		t.Fatalf("%d successors of one token", len(successors))
	}
	// Within the grace the previous token gives that successor, again.
	server.Clock.Move(server.Config.RefreshGrace - time.Second)
	client.Post("/api/auth/refresh", "").Wants(http.StatusOK)
	if successors[client.Cookie("refreshToken")] != tabs {
		t.Error("the previous token gave another successor")
	}
}

func TestReplaysEndTheSession(t *testing.T) {
	for _, test := range []struct {
		name      string
		rotations int           // before the first token comes again
		wait      time.Duration // after the last rotation
	}{
		{"the previous token after the grace", 1, 31 * time.Second},
		{"an older token within the grace", 2, 0},
		{"an older token after it", 3, time.Minute},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := servertest.Start(t)
			client := server.Client()
			client.Register("ada@example.com")
			thief := client.Copy(server)
			for range test.rotations {
				client.Post("/api/auth/refresh", "").Wants(http.StatusOK)
			}
			server.Clock.Move(test.wait)
			thief.Post("/api/auth/refresh", "").WantsProblem(http.StatusUnauthorized, "session_ended")
			client.Get("/api/user/profile").WantsProblem(http.StatusUnauthorized, "unauthenticated")
			client.Post("/api/auth/refresh", "").WantsProblem(http.StatusUnauthorized, "session_ended")
		})
	}
}

func TestNoGrace(t *testing.T) {
	server := servertest.Start(t, func(c *config.Config) { c.RefreshGrace = 0 })
	client := server.Client()
	client.Register("ada@example.com")
	thief := client.Copy(server)
	client.Post("/api/auth/refresh", "").Wants(http.StatusOK)
	server.Clock.Move(time.Second)
	thief.Post("/api/auth/refresh", "").WantsProblem(http.StatusUnauthorized, "session_ended")
}

// Whatever the grace is set to, a rotation counts as one event for a second.
func TestTabsRaceWithoutGrace(t *testing.T) {
	for _, grace := range []time.Duration{0, time.Millisecond, 999 * time.Millisecond} {
		server := servertest.Start(t, func(c *config.Config) { c.RefreshGrace = grace })
		client := server.Client()
		client.Register("ada@example.com")
		var (
			all        sync.WaitGroup
			mu         sync.Mutex
			successors = make(map[string]int)
			tabs       = make([]*servertest.Client, 16)
		)
		for i := range tabs {
			tabs[i] = client.Copy(server)
			all.Go(func() {
				answer, err := tabs[i].Try(http.MethodPost, "/api/auth/refresh", "")
				if err != nil || answer.StatusCode != http.StatusOK {
					t.Errorf("grace %v: a tab was signed out: %v %s", grace, err, answer.Body)
				}
				mu.Lock()
				defer mu.Unlock()
				successors[tabs[i].Cookie("refreshToken")]++
			})
		}
		all.Wait()
		if len(successors) != 1 || successors[client.Cookie("refreshToken")] != 0 {
			t.Errorf("grace %v: %d successors", grace, len(successors))
		}
		// A tab that comes a little later, in its last moment.
		server.Clock.Move(time.Second - time.Millisecond)
		client.Get("/dashboard").Wants(http.StatusOK)
		client.Post("/api/auth/refresh", "").Wants(http.StatusOK)
		tabs[0].Get("/api/user/profile").Wants(http.StatusOK)
	}
}

func TestSignOutBeatsRacingRefreshes(t *testing.T) {
	server := servertest.Start(t)
	for range 10 {
		client := server.Client()
		client.Login(registered(server))
		var all sync.WaitGroup
		tabs := make([]*servertest.Client, 20)
		for i := range tabs {
			tabs[i] = client.Copy(server)
			all.Go(func() {
				if _, err := tabs[i].Try(http.MethodPost, "/api/auth/refresh", ""); err != nil {
					t.Error(err)
				}
			})
		}
		client.Post("/api/auth/logout", "").Wants(http.StatusNoContent)
		all.Wait()
		for _, tab := range tabs {
			tab.Get("/api/user/profile").WantsProblem(http.StatusUnauthorized, "unauthenticated")
		}
	}
}

// registered makes sure that there is an account, and returns its address.
func registered(server *servertest.Server) string {
	server.Client().Post("/api/auth/register", servertest.Object("email", "ada@example.com", "password", servertest.Password))
	return "ada@example.com"
}

func TestRefreshInPassing(t *testing.T) {
	server := servertest.Start(t)
	client := server.Client()
	client.Register("ada@example.com")
	expire := func() { server.Clock.Move(time.Hour) }
	for _, path := range []string{"/dashboard", "/dashboard.txt", "/api/user/profile", "/api/auth/session"} {
		expire()
		answer := client.Get(path, "Sec-Fetch-Mode", "cors").Wants(http.StatusOK)
		if len(answer.Cookies()) != 2 {
			t.Errorf("%s: an expired access token was not refreshed in passing", path)
		}
		if answer := client.Get(path, "Sec-Fetch-Mode", "cors").Wants(http.StatusOK); len(answer.Cookies()) != 0 {
			t.Errorf("%s: a good access token was refreshed", path)
		}
	}
	expire()
	for _, path := range []string{"/", "/login", "/.well-known/jwks.json", "/api/openapi.json", "/healthz", "/nowhere"} {
		if answer := client.Get(path); len(answer.Cookies()) != 0 {
			t.Errorf("%s: refreshed in passing", path)
		}
	}
	for _, damaged := range []string{"", "nonsense", client.Cookie("accessToken") + "x"} {
		tab := client.Copy(server)
		tab.SetCookie("accessToken", damaged)
		if answer := tab.Get("/api/user/profile").Wants(http.StatusOK); len(answer.Cookies()) != 2 {
			t.Errorf("access cookie %q: not refreshed in passing", damaged)
		}
	}
	client.Get("/api/user/profile", "Authorization", "Bearer "+client.Cookie("accessToken")).
		WantsProblem(http.StatusUnauthorized, "unauthenticated")
}

func TestTwoCookiesOfOneNameAreRefused(t *testing.T) {
	server := servertest.Start(t)
	client := server.Client()
	client.Register("ada@example.com")
	good, refresh := client.Cookie("accessToken"), client.Cookie("refreshToken")
	for _, cookies := range []string{
		"accessToken=" + good + "; accessToken=" + good,
		"accessToken=; accessToken=" + good,
		"accessToken=" + good + "; refreshToken=a; refreshToken=b",
		"refreshToken=" + refresh + "; refreshToken=" + refresh,
	} {
		answer := server.Client().Get("/api/user/profile", "Cookie", cookies)
		answer.WantsProblem(http.StatusUnauthorized, "duplicate_cookies")
		if !strings.Contains(answer.Body, "Delete the cookies of this site, or use another host name.") {
			t.Errorf("no words that help: %s", answer.Body)
		}
		server.Client().Post("/api/auth/refresh", "", "Cookie", cookies).WantsProblem(http.StatusUnauthorized, "duplicate_cookies")
		// The page that signs people in must not send anybody back who would come
		// again at once.
		page := server.Client().Get("/dashboard/settings?tab=2", "Cookie", cookies).Wants(http.StatusSeeOther)
		if to := page.Header.Get("Location"); to != "/login?next=%2Fdashboard%2Fsettings%3Ftab%3D2&error=duplicate_cookies" {
			t.Errorf("the page leads to %s", to)
		}
		for _, path := range []string{"/dashboard.txt", "/dashboard/unknown.txt"} {
			server.Client().Get(path, "Cookie", cookies).WantsProblem(http.StatusUnauthorized, "duplicate_cookies")
		}
		server.Client().Get("/dashboard", "Cookie", cookies, "Sec-Fetch-Mode", "cors").WantsProblem(http.StatusUnauthorized, "duplicate_cookies")
		server.Client().Get(servertest.ProtectedAsset, "Cookie", cookies).Wants(http.StatusNotFound)
		session := server.Client().Get("/api/auth/session", "Cookie", cookies).Wants(http.StatusOK)
		if session.Body != `{"authenticated":false,"reason":"duplicate_cookies"}`+"\n" {
			t.Errorf("session: %s", session.Body)
		}
		// A Bearer token alone counts, so that the cookies are no matter.
		server.Client().Get("/api/user/profile", "Cookie", cookies, "Authorization", "Bearer "+good).Wants(http.StatusOK)
	}
	if to := server.Client().Get("/dashboard").Wants(http.StatusSeeOther).Header.Get("Location"); to != "/login?next=%2Fdashboard" {
		t.Errorf("without any cookie the page leads to %s", to)
	}
	client.Get("/api/user/profile").Wants(http.StatusOK)
}

func TestSessionsOutliveARestart(t *testing.T) {
	server := servertest.Start(t)
	client, leaver := server.Client(), server.Client()
	client.Register("ada@example.com")
	leaver.Register("bob@example.com")
	left := leaver.Copy(server)
	leaver.Post("/api/auth/logout", "").Wants(http.StatusNoContent)
	server.Stop()

	again := server.Again()
	client.Copy(again).Post("/api/auth/refresh", "").Wants(http.StatusOK)
	// The port, and with it the issuer, is another one now, so that access
	// tokens do not count; an ended session stays ended all the same.
	left.Copy(again).Get("/api/user/profile").WantsProblem(http.StatusUnauthorized, "unauthenticated")
}
