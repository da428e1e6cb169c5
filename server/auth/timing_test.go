package auth_test

import (
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"lychgate/server"
	"lychgate/server/audit"
	"lychgate/server/auth"
	"lychgate/server/config"
	"lychgate/server/origin"
	"lychgate/server/problem"
	"lychgate/server/servertest"
	"lychgate/server/store"
	"lychgate/server/user"
)

// What a refused sign-in costs depends on what was typed alone, not on the
// account: here hashes are counted, for time is noisy.
func TestRefusedSignInsCostTheSameWork(t *testing.T) {
	settings := config.Default()
	settings.DataDir = t.TempDir()
	settings.LoginAttempts = config.Rate{Attempts: 1000, Per: time.Second}
	const least, now = 4, 6
	accounts := func(cost int) *server.Accounts {
		settings.BcryptCost = cost
		service, err := server.OpenAccounts(t.Context(), settings, server.Environment{Now: time.Now, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := service.Store.Close(); err != nil {
				t.Error(err)
			}
		})
		return service
	}
	service, before := accounts(now), accounts(least)
	units := 0
	service.Passwords.Hasher.Observe(func(cost int) { units += 1 << (cost - least) })

	create := func(service *server.Accounts, email string) store.User {
		account, err := service.Passwords.Create(t.Context(), user.Credentials{Email: email, Password: servertest.Password}, "", audit.CommandLine())
		if err != nil {
			t.Fatal(err)
		}
		return account
	}
	create(service, "known@example.com")
	create(before, "cheap@example.com")
	if err := service.Passwords.Users.Disable(t.Context(), create(service, "disabled@example.com").ID, audit.CommandLine()); err != nil {
		t.Fatal(err)
	}
	signIn := &auth.Service{
		Store: service.Store, Passwords: service.Passwords,
		Sessions: service.Sessions(settings, origin.Origin{}, server.Environment{Now: time.Now}),
	}
	for _, test := range []struct {
		typed string
		want  int // hashes of today's cost
	}{{"not the password", 1}, {servertest.Password + "\x00", 1}, {strings.Repeat("x", 100), 1}, {"contrasen\u0303a", 2}} {
		for _, email := range []string{"known@example.com", "unknown@example.com", "disabled@example.com", "cheap@example.com"} {
			units = 0
			_, _, err := signIn.Login(t.Context(), user.Credentials{Email: email, Password: test.typed}, audit.Client{IP: "192.0.2.1"}, nil)
			if err == nil || problem.From(err).Code != "invalid_credentials" {
				t.Fatalf("%s with %q: %v", email, test.typed, err)
			}
			if want := test.want << (now - least); units != want {
				t.Errorf("%s with %q: %d units of work, want %d", email, test.typed, units, want)
			}
		}
	}
}

// BenchmarkLoginUnknownVsKnown reports how long a sign-in to an unknown
// account takes, in parts of one with a wrong password: 1 tells a stranger
// nothing. It asserts nothing, since machines are noisy; try
//
//	go test ./server/auth -run '^$' -bench UnknownVsKnown -benchtime 100x
func BenchmarkLoginUnknownVsKnown(b *testing.B) {
	server := servertest.Start(b, func(c *config.Config) { c.BcryptCost = 10 })
	client := server.Client()
	server.Client().Register("ada@example.com")
	took := map[string][]time.Duration{}
	for i := 0; b.Loop(); i++ {
		// Each goes first in turn, so that neither has the warmer machine.
		emails := []string{"ada@example.com", "nobody@example.com"}
		if i%2 == 1 {
			slices.Reverse(emails)
		}
		for _, email := range emails {
			begun := time.Now()
			client.Post("/api/auth/login", servertest.Object("email", email, "password", "not the password")).Wants(http.StatusUnauthorized)
			took[email] = append(took[email], time.Since(begun))
		}
		server.Clock.Move(time.Second) // the limits refill
	}
	known, unknown := median(took["ada@example.com"]), median(took["nobody@example.com"])
	b.ReportMetric(float64(unknown)/float64(known), "unknown/known")
	b.ReportMetric(float64((unknown-known).Abs().Microseconds())/1000, "ms-apart")
}

func median(durations []time.Duration) time.Duration {
	slices.Sort(durations)
	return durations[len(durations)/2]
}
