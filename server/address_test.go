package server_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"lychgate/server/config"
	"lychgate/server/servertest"
)

var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

// narrowDialer opens connections that take little at once.
func narrowDialer(ctx context.Context, network, address string) (net.Conn, error) {
	connection, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return connection, errors.Join(connection.(*net.TCPConn).SetReadBuffer(64 << 10))
}

// People behind a proxy that adds the port have limits of their own, however
// the address is written.
func TestLimitsCountPeopleBehindProxies(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, trusting127, func(c *config.Config) { c.RegisterAttempts = config.Rate{Attempts: 1, Per: 3600e9} })
	register := func(email, from string) int {
		t.Helper()
		return s.Client().Post("/api/auth/register", servertest.Object("email", email, "password", servertest.Password), "X-Forwarded-For", from).StatusCode
	}
	for i, step := range []struct {
		from   string
		status int
	}{
		{"203.0.113.8:51234", http.StatusCreated},
		{"203.0.113.8:9", http.StatusTooManyRequests},
		{"203.0.113.8", http.StatusTooManyRequests},
		{"::ffff:203.0.113.8", http.StatusTooManyRequests},
		{"198.51.100.7, 203.0.113.8:1", http.StatusTooManyRequests},
		{"203.0.113.9:51234", http.StatusCreated},
		{"[2001:db8::1]:443", http.StatusCreated},
		{"2001:db8:0:0::2", http.StatusTooManyRequests}, // of the same /64
		{"[2001:db8:1::1]", http.StatusCreated},
	} {
		if status := register("person"+strings.Repeat("x", i)+"@example.com", step.from); status != step.status {
			t.Errorf("%s: status %d, want %d", step.from, status, step.status)
		}
	}
}

// A forwarded header from somebody who is not trusted is warned about once.
func TestForwardedHeadersOfStrangersAreWarnedAbout(t *testing.T) {
	t.Parallel()
	const words = "a forwarded header from an untrusted peer was ignored"
	for _, name := range []string{"X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "Forwarded", "X-Real-IP"} {
		s := servertest.Start(t)
		s.Client().Get("/")
		said(t, s, words, 0)
		for range 3 {
			s.Client().Get("/", name, "203.0.113.8")
		}
		said(t, s, words, 1)
		for line := range strings.Lines(s.Log.String()) {
			if strings.Contains(line, words) && (!strings.Contains(line, "--trusted-proxy") || !strings.Contains(line, `"peer":"127.0.0.1"`) || !strings.Contains(line, `"level":"WARN"`) || strings.Contains(line, "203.0.113.8")) {
				t.Errorf("%s: %s", name, line)
			}
		}
		trusted := servertest.Start(t, trusting127)
		trusted.Client().Get("/", name, "203.0.113.8")
		said(t, trusted, words, 0)
	}
}
