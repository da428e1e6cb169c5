package auth_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"lychgate/server"
	"lychgate/server/config"
	"lychgate/server/servertest"
	"lychgate/server/store"
)

// In these tests time passes where the clock is moved a little and looked at
// again; the other moves are steps. Between moves it stands still, and so falls
// behind the monotonic clock by what the test takes.

// steps are by how much clocks are set wrong, and right again.
var steps = []time.Duration{-24 * time.Hour, -time.Hour, time.Hour, 24 * time.Hour}

// pass lets time pass on a server.
func pass(s *servertest.Server, by time.Duration) {
	s.Clock.Move(by)
	clientOf(s).Get("/api/auth/session").Wants(http.StatusOK)
}

// step sets the clock of a server, while it runs or while it does not, and
// returns the server that runs then.
func step(s *servertest.Server, by time.Duration, running bool) *servertest.Server {
	if running {
		s.Clock.Move(by)
		return s
	}
	s.Stop()
	s.Clock.Move(by)
	return s.Again()
}

// eachStep runs a test for each step, on a server that runs on and on one that
// is started again.
func eachStep(t *testing.T, test func(t *testing.T, by time.Duration, running bool)) {
	for _, by := range steps {
		for name, running := range map[string]bool{"while it runs": true, "while it does not": false} {
			t.Run(by.String()+" "+name, func(t *testing.T) {
				t.Parallel()
				test(t, by, running)
			})
		}
	}
}

// about reports whether a step was taken out to the second or so.
func about(got, want time.Duration) bool { return (got - want).Abs() <= 5*time.Second }

func publicServer(t *testing.T, changes ...func(*config.Config)) *servertest.Server {
	t.Helper()
	return servertest.Start(t, append(changes, servertest.At(t, "https://app.example.com"))...)
}

const (
	accessCookie  = "__Host-accessToken"
	refreshCookie = "__Host-refreshToken"
)

// profile asks who a bearer is.
func profile(s *servertest.Server, accessToken string) servertest.Answer {
	return clientOf(s).Get("/api/user/profile", "Authorization", "Bearer "+accessToken)
}

// program is a client that keeps its tokens itself.
type program struct{ access, refresh string }

func (p *program) login(s *servertest.Server) {
	answer := clientOf(s).Post("/api/auth/login", servertest.Object("email", "ada@example.com", "password", servertest.Password, "tokenDelivery", "body")).Wants(http.StatusOK)
	p.access, p.refresh = answer.Text("accessToken"), answer.Text("refreshToken")
}

func (p *program) refreshes(s *servertest.Server) servertest.Answer {
	answer := clientOf(s).Post("/api/auth/refresh", servertest.Object("refreshToken", p.refresh))
	if answer.StatusCode == http.StatusOK {
		p.access, p.refresh = answer.Text("accessToken"), answer.Text("refreshToken")
	}
	return answer
}

// use asks for the profile, as programs do: with a new token if need be.
func (p *program) use(s *servertest.Server) {
	if profile(s, p.access).StatusCode == http.StatusUnauthorized {
		p.refreshes(s).Wants(http.StatusOK)
		profile(s, p.access).Wants(http.StatusOK)
	}
}

func TestNoAccessTokenOutlivesItsLifeAfterAStep(t *testing.T) {
	eachStep(t, func(t *testing.T, by time.Duration, running bool) {
		s := publicServer(t)
		browser := clientOf(s)
		browser.Register("ada@example.com")
		var script program
		script.login(s)
		type stolen struct {
			header, value string
			age           time.Duration
		}
		var tokens []stolen
		thief := clientOf(s)
		passes := func(d time.Duration) {
			pass(s, d)
			for i := range tokens {
				tokens[i].age += d
			}
		}
		steal := func() {
			browser.Post("/api/auth/refresh", "").Wants(http.StatusOK)
			script.refreshes(s).Wants(http.StatusOK)
			tokens = append(tokens,
				stolen{"Cookie", accessCookie + "=" + browser.Cookie(accessCookie), 0},
				stolen{"Authorization", "Bearer " + script.access, 0})
			for _, stolen := range tokens[len(tokens)-2:] {
				thief.Get("/api/user/profile", stolen.header, stolen.value).Wants(http.StatusOK)
			}
		}
		// Some expired long before the step, by about as much as it is; some live.
		for _, wait := range []time.Duration{by.Abs() - 50*time.Minute, 40 * time.Minute, 9 * time.Minute, time.Minute} {
			steal()
			passes(wait)
		}
		steal()

		s = step(s, by, running)
		browser, thief = browser.Copy(s), clientOf(s)
		const tick = 13 * time.Minute // less than a token lives
		for range (max(0, -by) + time.Hour) / tick {
			for _, stolen := range tokens {
				if stolen.age < s.Config.AccessTTL {
					continue // it may count or not
				}
				if got := thief.Get("/api/user/profile", stolen.header, stolen.value).StatusCode; got != http.StatusUnauthorized {
					t.Fatalf("%s: a token of %v is answered %d", stolen.header, stolen.age, got)
				}
			}
			// Their owners go on.
			browser.Get("/dashboard").Wants(http.StatusOK)
			script.use(s)
			passes(tick)
		}
	})
}

func TestNobodyIsLockedOutByAStep(t *testing.T) {
	eachStep(t, func(t *testing.T, by time.Duration, running bool) {
		s := publicServer(t)
		browser := clientOf(s)
		browser.Register("ada@example.com")
		var script program
		script.login(s)
		pass(s, time.Minute)
		browser.Get("/api/user/profile").Wants(http.StatusOK)

		s = step(s, by, running)
		browser = browser.Copy(s)
		refreshed := browser.Post("/api/auth/refresh", "").Wants(http.StatusOK)
		browser.Get("/dashboard").Wants(http.StatusOK)
		script.refreshes(s).Wants(http.StatusOK)
		profile(s, script.access).Wants(http.StatusOK)
		signedIn := clientOf(s).Login("ada@example.com")
		profile(s, signedIn.Text("accessToken")).Wants(http.StatusOK)
		registered := clientOf(s).Register("bob@example.com")
		profile(s, registered.Text("accessToken")).Wants(http.StatusOK)
		for what, answer := range map[string]servertest.Answer{"refreshed": refreshed, "signed in": signedIn, "registered": registered} {
			for _, cookie := range answer.Cookies() {
				most := s.Config.SessionMax
				if what == "refreshed" {
					most -= time.Minute + max(0, by)
				}
				if life := time.Duration(cookie.MaxAge) * time.Second; !about(life, most) {
					t.Errorf("%s: the cookie %s lives for %v, want %v", what, cookie.Name, life, most)
				}
			}
		}
		if lines := countSteps(t, s); lines != map[bool]int{true: 1}[by < 0] {
			t.Errorf("%d audit lines tell of a step by %v", lines, by)
		}
	})
}

// A step forward takes its time from sessions; a step back takes and gives
// nothing.
func TestSessionsEndInTimeAfterAStep(t *testing.T) {
	eachStep(t, func(t *testing.T, by time.Duration, running bool) {
		const mid = 30 * time.Minute // so that a few seconds make no difference
		s := publicServer(t, func(c *config.Config) { c.SessionIdle, c.SessionMax = 48*time.Hour-mid, 96*time.Hour-mid })
		used, observer := clientOf(s), clientOf(s)
		used.Register("ada@example.com")
		var idle program
		idle.login(s)
		idleEnds, usedEnds := s.Config.SessionIdle-max(0, by), s.Config.SessionMax-max(0, by)
		for age := time.Duration(0); age < 100*time.Hour; age += time.Hour {
			if age == 60*time.Hour {
				observer.Login("ada@example.com") // who sees what is there when the used one has ended
			}
			status := http.StatusOK
			if age >= usedEnds {
				status = http.StatusUnauthorized
			}
			used.Get("/api/user/profile").Wants(status)
			if status == http.StatusOK {
				want := 1
				if age < idleEnds {
					want++
				}
				if age >= 60*time.Hour {
					want++
				}
				if got := len(sessionsOf(used)); got != want {
					t.Fatalf("after %v there are %d sessions, want %d", age, got, want)
				}
			} else if got := len(sessionsOf(observer)); got != 1 {
				t.Fatalf("after %v there are %d sessions, want the observer's alone", age, got)
			}
			if age == 48*time.Hour {
				idle.refreshes(s).WantsProblem(http.StatusUnauthorized, "session_ended")
			}
			if age == 10*time.Hour {
				s = step(s, by, running)
				used, observer = used.Copy(s), observer.Copy(s)
				pass(s, 0)
			}
			pass(s, time.Hour)
		}
	})
}

// Two tabs that refresh one after the other are no thief and victim because
// the clock was set back between them; and who comes after the grace is.
func TestRefreshGraceAcrossAStepBack(t *testing.T) {
	for _, by := range steps[:2] {
		t.Run(by.String(), func(t *testing.T) {
			s := publicServer(t)
			client := clientOf(s)
			client.Register("ada@example.com")
			tab, late, after := client.Copy(s), client.Copy(s), client.Copy(s)
			client.Post("/api/auth/refresh", "").Wants(http.StatusOK)
			pass(s, 10*time.Second)
			s.Clock.Move(by)
			tab.Post("/api/auth/refresh", "").Wants(http.StatusOK)
			if tab.Cookie(refreshCookie) != client.Cookie(refreshCookie) {
				t.Error("two successors of one token")
			}
			pass(s, 10*time.Second)
			late.Post("/api/auth/refresh", "").Wants(http.StatusOK)
			pass(s, 10*time.Second)
			after.Post("/api/auth/refresh", "").WantsProblem(http.StatusUnauthorized, "session_ended")
		})
	}
}

// All tabs of all people wake up at once, and none of them waits.
func TestTabsRaceOverAStepBack(t *testing.T) {
	s := publicServer(t)
	var people []*servertest.Client
	for i := range 4 {
		person := clientOf(s)
		person.Register(fmt.Sprintf("person%d@example.com", i))
		people = append(people, person)
	}
	for _, by := range steps[:2] {
		pass(s, 50*time.Minute)
		s.Clock.Move(by)
		var all sync.WaitGroup
		for _, person := range people {
			for range 8 {
				tab := person.Copy(s)
				all.Go(func() {
					for _, path := range []string{"/dashboard", "/api/user/profile"} {
						if answer, err := tab.Try(http.MethodGet, path, ""); err != nil || answer.StatusCode != http.StatusOK {
							t.Errorf("%s: %d %v", path, answer.StatusCode, err)
						}
					}
				})
			}
		}
		all.Wait()
		for _, person := range people {
			person.Get("/api/user/profile").Wants(http.StatusOK)
		}
	}
	if lines := countSteps(t, s); lines != 2 {
		t.Errorf("%d audit lines, want one for each step", lines)
	}
}

// Without a single request the step is noticed too.
func TestAStepBackIsNoticedAtNight(t *testing.T) {
	s := publicServer(t)
	before := published(s)
	s.Clock.Move(-time.Hour)
	servertest.Eventually(t, "the step is on record", func() bool { return countSteps(t, s) == 1 })
	servertest.Eventually(t, "another key signs", func() bool {
		now := published(s)
		return len(now) == 1 && !slices.Equal(now, before)
	})
	if !strings.Contains(s.Log.String(), `"the clock was set back: sessions go on`) {
		t.Error("the log does not say so")
	}
}

// countSteps returns how many steps back of the clock are on record.
func countSteps(t *testing.T, s *servertest.Server) (lines int) {
	t.Helper()
	for _, line := range auditOf(t, s, "") {
		if line.Event == "clock_set_back" {
			lines++
		}
	}
	return lines
}

// The processes that share a database share its clock, and take one step out
// once.
func TestTwoProcessesTakeOneStepOutOnce(t *testing.T) {
	s := publicServer(t)
	replica := s.Again()
	client := clientOf(s)
	client.Register("ada@example.com")
	for i, by := range []time.Duration{-24 * time.Hour, -time.Hour, -24 * time.Hour} {
		pass(s, 10*time.Minute)
		pass(replica, 0)
		old := client.Cookie(accessCookie)
		profile(replica, old).Wants(http.StatusOK) // both have seen its session in use
		s.Clock.Move(by)
		var all sync.WaitGroup
		for _, of := range []*servertest.Server{s, replica} {
			tab := client.Copy(of)
			all.Go(func() {
				if answer, err := tab.Try(http.MethodGet, "/api/user/profile", ""); err != nil || answer.StatusCode != http.StatusOK {
					t.Errorf("%d %v", answer.StatusCode, err)
				}
			})
		}
		all.Wait()
		client.Get("/api/user/profile").Wants(http.StatusOK)
		now := s.Clock.Now()
		for _, of := range []*servertest.Server{s, replica} {
			profile(of, old).WantsProblem(http.StatusUnauthorized, "unauthenticated")
			servertest.Eventually(t, "the new key is known", func() bool { return profile(of, client.Cookie(accessCookie)).StatusCode == http.StatusOK })
			for _, session := range sessionsOf(client.Copy(of)) {
				if !about(now.Sub(session.CreatedAt), time.Duration(i+1)*10*time.Minute) || !session.LastSeenAt.Equal(now) {
					t.Errorf("step %d: at %v the session is %+v", i, now, session)
				}
			}
		}
		if lines := countSteps(t, s); lines != i+1 {
			t.Errorf("%d audit lines after step %d", lines, i+1)
		}
	}
	if told := strings.Count(s.Log.String()+replica.Log.String(), "the clock was set back"); told != 3 {
		t.Errorf("%d lines in the logs, want one for each step", told)
	}
}

// While what is stored cannot be adjusted, no token is believed: one of those
// from before might have come to count again.
func TestAStepThatCannotBeTakenOutYet(t *testing.T) {
	s := publicServer(t)
	client := clientOf(s)
	client.Register("ada@example.com")
	expired := client.Cookie(accessCookie)
	pass(s, 55*time.Minute)
	client.Get("/api/user/profile").Wants(http.StatusOK)
	again := refuseWrites(s, "INSERT ON audit")
	s.Clock.Move(-time.Hour) // by its times the expired token has not been issued for long

	profile(s, expired).WantsProblem(http.StatusServiceUnavailable, "unavailable")
	client.Get("/api/user/profile").WantsProblem(http.StatusServiceUnavailable, "unavailable")
	client.Post("/api/auth/refresh", "").WantsProblem(http.StatusServiceUnavailable, "unavailable")
	client.Get("/dashboard").Wants(http.StatusServiceUnavailable)
	client.Get("/").Wants(http.StatusOK)

	again()
	client.Get("/api/user/profile").Wants(http.StatusOK)
	profile(s, expired).WantsProblem(http.StatusUnauthorized, "unauthenticated")
	for _, session := range sessionsOf(client) {
		if age := s.Clock.Now().Sub(session.CreatedAt); !about(age, 55*time.Minute) {
			t.Errorf("the session is %v old", age)
		}
	}
	if lines, told := countSteps(t, s), strings.Count(s.Log.String(), "cannot be corrected yet"); lines != 1 || told != 1 {
		t.Errorf("%d audit lines, %d in the log tell of the failure", lines, told)
	}
}

// Somebody who signs out with a token that counts no more has signed out.
func TestSignOutWithATokenFromBeforeAStep(t *testing.T) {
	for _, by := range steps {
		t.Run(by.String(), func(t *testing.T) {
			s := publicServer(t)
			clientOf(s).Register("ada@example.com")
			var script program
			script.login(s)
			s.Clock.Move(by)
			clientOf(s).Post("/api/auth/logout", "", "Authorization", "Bearer "+script.access).Wants(http.StatusNoContent)
			script.refreshes(s).WantsProblem(http.StatusUnauthorized, "session_ended")
		})
	}
}

func TestKeyRotationAroundAStepBack(t *testing.T) {
	for _, by := range steps[:2] {
		t.Run(by.String(), func(t *testing.T) {
			s := publicServer(t)
			client := clientOf(s)
			client.Register("ada@example.com")
			signsWith := func(want string) {
				t.Helper()
				token := clientOf(s).Login("ada@example.com").Text("accessToken")
				if got := keyOf(t, token); got != want {
					t.Errorf("key %s signs, want %s", got, want)
				}
				profile(s, token).Wants(http.StatusOK)
				client.Get("/api/user/profile").Wants(http.StatusOK)
			}
			rotate(t, s)
			pass(s, 10*time.Minute)
			s.Clock.Move(by)
			rotate(t, s) // before or after the step has been noticed
			pass(s, time.Second)
			servertest.Eventually(t, "all know the same keys", func() bool { return countSteps(t, s) == 1 })
			client.Get("/api/user/profile").Wants(http.StatusOK)

			fourth := rotate(t, s)
			follows(t, s, fourth)
			before := client.Cookie(accessCookie)
			pass(s, time.Second)
			signsWith(fourth)
			profile(s, before).Wants(http.StatusOK)
			pass(s, s.Config.AccessTTL)
			signsWith(fourth)
			if got := published(s); !slices.Equal(got, []string{fourth}) {
				t.Errorf("keys %q, want %s alone", got, fourth)
			}
		})
	}
}

// A key that was made by a clock that was ahead, while no server ran, neither
// waits until the time has come nor lets the first one sign for ever.
func TestAKeyFromTheFuture(t *testing.T) {
	s := publicServer(t)
	client := clientOf(s)
	client.Register("ada@example.com")
	s.Stop()
	s.Clock.Move(24 * time.Hour)
	rotate(t, s)
	s.Clock.Move(-24 * time.Hour)
	s = s.Again()
	if keys := published(s); len(keys) != 1 {
		t.Errorf("keys %q", keys)
	}
	client.Copy(s).Get("/api/user/profile").Wants(http.StatusOK)
}

func TestLimitsAfterAStep(t *testing.T) {
	for _, by := range steps {
		t.Run(by.String(), func(t *testing.T) {
			t.Parallel()
			server := limited(t, 3)
			server.Client().Register("ada@example.com")
			for range 3 {
				guess(server, "ada@example.com", "wrong password", "192.0.2.1").Wants(http.StatusUnauthorized)
			}
			guess(server, "ada@example.com", servertest.Password, "192.0.2.1").Wants(http.StatusTooManyRequests)
			server.Clock.Move(by)
			// The clock of this test has no monotonic reading: a step forward is
			// time that passes.
			if by < 0 {
				answer := guess(server, "ada@example.com", servertest.Password, "192.0.2.1").Wants(http.StatusTooManyRequests)
				wantsRetryAfter(t, answer, "20")
				server.Clock.Move(20 * time.Second)
			}
			guess(server, "ada@example.com", servertest.Password, "192.0.2.1").Wants(http.StatusOK)
		})
	}
}

func TestAccountLimitsAfterARestartAndAStep(t *testing.T) {
	for _, by := range steps {
		t.Run(by.String(), func(t *testing.T) {
			t.Parallel()
			server := limited(t, 2)
			server.Client().Register("ada@example.com")
			for i := range 9 { // of five times two
				guess(server, "ada@example.com", "wrong password", fmt.Sprintf("192.0.2.%d", i)).Wants(http.StatusUnauthorized)
			}
			server = step(server, by, false)
			if by < 0 {
				guess(server, "ada@example.com", "wrong password", "192.0.2.77").Wants(http.StatusUnauthorized)
				answer := guess(server, "ada@example.com", servertest.Password, "203.0.113.9").Wants(http.StatusTooManyRequests)
				wantsRetryAfter(t, answer, "6")
				server.Clock.Move(6 * time.Second)
			}
			guess(server, "ada@example.com", servertest.Password, "203.0.113.9").Wants(http.StatusOK)
		})
	}
}

// What is noted of a session's use, and not yet stored, does not bring the
// times from before the step back.
func TestUseIsStoredWithoutTheStep(t *testing.T) {
	s := publicServer(t)
	client := clientOf(s)
	client.Register("ada@example.com")
	pass(s, 10*time.Minute)
	client.Get("/api/user/profile").Wants(http.StatusOK)
	s.Clock.Move(-24 * time.Hour)
	servertest.Eventually(t, "the step has been taken out", func() bool { return countSteps(t, s) == 1 })
	s.Stop() // which stores the rest
	db, err := store.Open(t.Context(), s.Config.DatabasePath())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	ada, err := db.Read().UserByEmail(t.Context(), "ada@example.com")
	if err != nil {
		t.Fatal(err)
	}
	sessions, err := db.Read().SessionsAfter(t.Context(), ada.ID, store.Newest, 2)
	if err != nil || len(sessions) != 1 || !about(s.Clock.Now().Sub(sessions[0].LastSeenAt), 0) {
		t.Errorf("sessions %+v, %v, want one seen at %v", sessions, err, s.Clock.Now())
	}
}

// A start with a clock that is right changes nothing, and a second one after a
// step takes nothing out again.
func TestAStartTakesAStepOutOnce(t *testing.T) {
	s := publicServer(t)
	client := clientOf(s)
	client.Register("ada@example.com")
	for _, by := range []time.Duration{0, -time.Hour, 0, -30 * time.Second, time.Hour} {
		s = step(s, by, false)
	}
	if lines := countSteps(t, s); lines != 1 {
		t.Errorf("%d audit lines, want one", lines)
	}
	// The command line opens the accounts too, and leaves this to servers.
	s.Stop()
	s.Clock.Move(-24 * time.Hour)
	accounts, err := server.OpenAccounts(t.Context(), s.Config, server.Environment{Now: s.Clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer accounts.Store.Close()
	if lines := countSteps(t, s); lines != 1 {
		t.Errorf("%d audit lines, want one still", lines)
	}
}
