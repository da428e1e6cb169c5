package server_test

import (
	"fmt"
	"net/http"
	"net/netip"
	"testing"
	"time"

	"lychgate/server/audit"
	"lychgate/server/config"
	"lychgate/server/servertest"
)

// What one process changes of an account counts in another within a second.
func TestChangesCountInOtherProcesses(t *testing.T) {
	t.Parallel()
	const email, attempts = "ada@example.com", 2
	s := servertest.Start(t, func(c *config.Config) {
		c.LoginAttempts = config.Rate{Attempts: attempts, Per: time.Minute}
		c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	})
	other := s.Again()
	client := s.Client()
	client.Header.Set("X-Forwarded-For", "198.51.100.7")
	account(client, email)
	there := client.Copy(other)
	name := func(c *servertest.Client) string { return c.Get("/api/user/profile").Wants(200).Text("name") }
	name(client)
	name(there)
	for i := range 3 { // the one that changes, and the one that has it in memory, in turn
		from, to := client, there
		if i%2 == 1 {
			from, to = to, from
		}
		want := fmt.Sprintf("Ada %d", i)
		from.Do(http.MethodPatch, "/api/user/profile", servertest.Object("name", want)).Wants(200)
		if got := name(from); got != want {
			t.Errorf("in the same process the name is %q, want %q at once", got, want)
		}
		servertest.Eventually(t, "the name is known to the other process", func() bool { return name(to) == want })
	}

	// All attempts of the account are used up at one process, each from an address of
	// its own: they are used up at the other too.
	guess := func(server *servertest.Server, address, password string) int {
		return server.Client().Post("/api/auth/login", servertest.Object("email", email, "password", password), "X-Forwarded-For", address).StatusCode
	}
	for i := range 5 * attempts {
		if got := guess(s, fmt.Sprintf("192.0.2.%d", i), "not the password"); got != 401 {
			t.Fatalf("attempt %d: status %d, want 401", i, got)
		}
	}
	address := 0
	servertest.Eventually(t, "the other process refuses a stranger", func() bool {
		address++
		return guess(other, fmt.Sprintf("203.0.113.%d", address), servertest.Password) == 429
	})
	if got := guess(other, "198.51.100.7", servertest.Password); got != 200 {
		t.Errorf("the owner gets %d, want 200", got)
	}

	// A disabled account is nobody, everywhere.
	cli := operator(t, s)
	user, err := cli.ByEmail(t.Context(), email)
	if err == nil {
		err = cli.Disable(t.Context(), user.ID, audit.CommandLine())
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []*servertest.Client{client, there} {
		servertest.Eventually(t, "the session is revoked", isClosed(c, "/dashboard"))
		c.Get("/dashboard").Wants(http.StatusSeeOther)
		c.Get("/api/user/profile").WantsProblem(http.StatusUnauthorized, "unauthenticated")
	}
}
