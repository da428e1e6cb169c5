package auth_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"lychgate/server/config"
	"lychgate/server/servertest"
)

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
