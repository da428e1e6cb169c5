package auth_test

import (
	"fmt"
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lychgate/server/config"
	"lychgate/server/servertest"
)

// limited is a server that allows so many failed sign-ins a minute, and
// believes what X-Forwarded-For says.
func limited(t *testing.T, attempts int) *servertest.Server {
	return servertest.Start(t, func(c *config.Config) {
		c.LoginAttempts = config.Rate{Attempts: attempts, Per: time.Minute}
		c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	})
}

// guess tries a password from an address and returns the answer.
func guess(server *servertest.Server, email, password, address string) servertest.Answer {
	return server.Client().Post("/api/auth/login", servertest.Object("email", email, "password", password), "X-Forwarded-For", address)
}

func TestFailedSignInsAreLimitedPerPair(t *testing.T) {
	server := limited(t, 3)
	server.Client().Register("ada@example.com")
	for range 3 {
		guess(server, "ada@example.com", "wrong password", "192.0.2.1").Wants(http.StatusUnauthorized)
	}
	// Another spelling of the address is the same account; the right password
	// is refused like any other.
	for _, email := range []string{"ada@example.com", "ADA@example.com", " ada@example.com"} {
		answer := guess(server, email, servertest.Password, "192.0.2.1")
		answer.WantsProblem(http.StatusTooManyRequests, "rate_limited")
		wantsRetryAfter(t, answer, "20")
	}
	guess(server, "ada@example.com", servertest.Password, "192.0.2.2").Wants(http.StatusOK)
	guess(server, "bob@example.com", servertest.Password, "192.0.2.1").Wants(http.StatusUnauthorized)

	server.Clock.Move(19 * time.Second)
	guess(server, "ada@example.com", servertest.Password, "192.0.2.1").Wants(http.StatusTooManyRequests)
	server.Clock.Move(time.Second)
	guess(server, "ada@example.com", servertest.Password, "192.0.2.1").Wants(http.StatusOK)
	// Success has cleared the pair.
	for range 3 {
		guess(server, "ada@example.com", "wrong password", "192.0.2.1").Wants(http.StatusUnauthorized)
	}
	guess(server, "ada@example.com", "wrong password", "192.0.2.1").Wants(http.StatusTooManyRequests)
}

func TestFailedSignInsAreLimitedPerAddress(t *testing.T) {
	for name, addresses := range map[string][]string{
		"one address": {"192.0.2.1"},
		"one /64":     {"2001:db8::1", "2001:db8::2", "2001:db8:0:0:ffff::"},
	} {
		t.Run(name, func(t *testing.T) {
			server := limited(t, 2)
			for i := range 10 {
				guess(server, fmt.Sprintf("person%d@example.com", i), "wrong password", addresses[i%len(addresses)]).Wants(http.StatusUnauthorized)
			}
			answer := guess(server, "another@example.com", "wrong password", addresses[0])
			answer.WantsProblem(http.StatusTooManyRequests, "rate_limited")
			wantsRetryAfter(t, answer, "6")
			guess(server, "another@example.com", "wrong password", "2001:db8:0:1::1").Wants(http.StatusUnauthorized)
		})
	}
}

func TestNobodyLocksAnOwnerOut(t *testing.T) {
	server := limited(t, 2)
	server.Client().Post("/api/auth/register", servertest.Object("email", "ada@example.com", "password", servertest.Password), "X-Forwarded-For", "198.51.100.7").
		Wants(http.StatusCreated)
	for i := range 10 {
		guess(server, "ada@example.com", "wrong password", fmt.Sprintf("192.0.2.%d", i)).Wants(http.StatusUnauthorized)
	}
	guess(server, "ada@example.com", servertest.Password, "203.0.113.9").WantsProblem(http.StatusTooManyRequests, "rate_limited")
	guess(server, "ada@example.com", servertest.Password, "198.51.100.7").Wants(http.StatusOK)
	// From there too only so many failures pass.
	for range 2 {
		guess(server, "ada@example.com", "wrong password", "198.51.100.7").Wants(http.StatusUnauthorized)
	}
	guess(server, "ada@example.com", servertest.Password, "198.51.100.7").Wants(http.StatusTooManyRequests)
}

func TestAccountLimitsOutliveARestart(t *testing.T) {
	server := limited(t, 2)
	server.Client().Post("/api/auth/register", servertest.Object("email", "ada@example.com", "password", servertest.Password), "X-Forwarded-For", "198.51.100.7").
		Wants(http.StatusCreated)
	accounts := []string{"ada@example.com", "nobody@example.com"}
	for i := range 10 {
		for j, email := range accounts {
			guess(server, email, "wrong password", fmt.Sprintf("192.0.%d.%d", j, i)).Wants(http.StatusUnauthorized)
		}
	}
	server.Stop()
	server = server.Again()
	for _, email := range accounts {
		answer := guess(server, email, servertest.Password, "203.0.113.9")
		answer.WantsProblem(http.StatusTooManyRequests, "rate_limited")
		wantsRetryAfter(t, answer, "6")
	}
	guess(server, "ada@example.com", servertest.Password, "198.51.100.7").Wants(http.StatusOK)
	server.Clock.Move(6 * time.Second)
	guess(server, "ada@example.com", servertest.Password, "203.0.113.9").Wants(http.StatusOK)
	server.Clock.Move(time.Minute)
	server.Stop()
	server = server.Again()
	for i := range 10 {
		guess(server, "nobody@example.com", "wrong password", fmt.Sprintf("192.0.2.%d", i)).Wants(http.StatusUnauthorized)
	}
}

func TestWhatOneLimitRefusesTheOthersDoNotCount(t *testing.T) {
	server := limited(t, 2)
	for range 30 { // 2 count for the address, 28 are refused by the pair
		guess(server, "ada@example.com", "wrong password", "192.0.2.1")
	}
	for i := range 8 {
		guess(server, fmt.Sprintf("person%d@example.com", i), "wrong password", "192.0.2.1").Wants(http.StatusUnauthorized)
	}
	guess(server, "last@example.com", "wrong password", "192.0.2.1").Wants(http.StatusTooManyRequests)
}

func TestGuessesAtOnceAreCountedOneByOne(t *testing.T) {
	server := limited(t, 5)
	var (
		all    sync.WaitGroup
		passed atomic.Int32
	)
	for range 40 {
		all.Go(func() {
			answer, err := server.Client().Try(http.MethodPost, "/api/auth/login", servertest.Object("email", "ada@example.com", "password", "wrong password"), "X-Forwarded-For", "192.0.2.1")
			if err != nil {
				t.Error(err)
			} else if answer.StatusCode == http.StatusUnauthorized {
				passed.Add(1)
			}
		})
	}
	all.Wait()
	if passed.Load() != 5 {
		t.Errorf("%d guesses passed, want 5", passed.Load())
	}
}

// Only failures count: however many sign in at once, nobody with the right
// password is refused.
func TestRightPasswordsAtOnceAreNotLimited(t *testing.T) {
	server := limited(t, 2)
	server.Client().Register("ada@example.com")
	var all sync.WaitGroup
	for range 30 {
		all.Go(func() {
			answer, err := server.Client().Try(http.MethodPost, "/api/auth/login", servertest.Object("email", "ada@example.com", "password", servertest.Password), "X-Forwarded-For", "192.0.2.1")
			if err != nil || answer.StatusCode != http.StatusOK {
				t.Errorf("%d %v", answer.StatusCode, err)
			}
		})
	}
	all.Wait()
}

func TestRegistrationsAreLimitedPerAddress(t *testing.T) {
	server := servertest.Start(t, func(c *config.Config) {
		c.RegisterAttempts = config.Rate{Attempts: 2, Per: time.Minute}
	})
	register := func(i int) servertest.Answer {
		return server.Client().Post("/api/auth/register", servertest.Object("email", "person"+strconv.Itoa(i)+"@example.com", "password", servertest.Password))
	}
	server.Client().Post("/api/auth/register", servertest.Object("email", "x", "password", "short")).Wants(http.StatusUnprocessableEntity)
	register(1).Wants(http.StatusCreated)
	register(2).Wants(http.StatusCreated)
	answer := register(3)
	answer.WantsProblem(http.StatusTooManyRequests, "rate_limited")
	wantsRetryAfter(t, answer, "30")
	server.Clock.Move(30 * time.Second)
	register(3).Wants(http.StatusCreated)
}

func TestForwardedAddressesOfStrangersAreIgnored(t *testing.T) {
	server := servertest.Start(t, func(c *config.Config) {
		c.LoginAttempts = config.Rate{Attempts: 2, Per: time.Minute}
	})
	for i := range 2 {
		guess(server, "ada@example.com", "wrong password", fmt.Sprintf("192.0.2.%d", i)).Wants(http.StatusUnauthorized)
	}
	guess(server, "ada@example.com", "wrong password", "192.0.2.77").Wants(http.StatusTooManyRequests)
}

// wantsRetryAfter fails the test unless an answer says to wait for so many
// seconds.
func wantsRetryAfter(t *testing.T, answer servertest.Answer, seconds string) {
	t.Helper()
	if got := answer.Header.Get("Retry-After"); got != seconds {
		t.Errorf("Retry-After: %s, want %s", got, seconds)
	}
}
