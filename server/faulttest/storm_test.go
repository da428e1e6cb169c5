//go:build linux

package faulttest

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"lychgate/server/servertest"
)

const (
	stormCost    = 12
	stormClients = 200
)

// storm is the result of many clients signing in at once.
type storm struct {
	quiet, profile watched // a signed-in person's, before and during the storm
	surplus        latencies
	signIns        atomic.Int64
	refused        atomic.Int64
	wrong          atomic.Int64
	took           time.Duration
	memory         [2]float64 // before it, and the most in it, in MB
}

// blow is the quick form of rage: it lasts until some have signed in, others
// were refused because the queue is full, and a person was served meanwhile.
func blow(t *testing.T, p *program) *storm {
	t.Helper()
	const enough = 20
	s := &storm{}
	reader := p.signIn(t)
	working := func(w *watched) func(context.Context) {
		return func(ctx context.Context) { w.work(ctx, reader, "/api/user/profile", 200) }
	}
	until(t, "a person is served", func() bool { return s.quiet.count() >= enough }, working(&s.quiet))
	s.memory[0] = p.resident()
	work := []func(context.Context){working(&s.profile)}
	for range stormClients {
		work = append(work, func(ctx context.Context) { s.signInAgain(ctx, newClient(p.URL)) })
	}
	until(t, "some sign in, others are refused, a person is served", func() bool {
		s.memory[1] = max(s.memory[1], p.resident())
		return s.wrong.Load() > 0 || s.signIns.Load() > 0 && s.refused.Load() >= enough && s.profile.count() >= enough
	}, work...)
	return s
}

// rage makes 200 clients sign in continuously for a while, each pausing for a
// second after a refusal, while a person works and pages load on other
// connections.
func rage(t *testing.T, p *program, pages int, while time.Duration) *storm {
	t.Helper()
	s := &storm{}
	reader := p.signIn(t)
	load := func() (work []func(context.Context)) {
		for range pages {
			work = append(work, func(ctx context.Context) {
				new(watched).work(ctx, newClient(p.URL), "/", 5)
			})
		}
		return work
	}
	during(t, while/2, append(load(), func(ctx context.Context) { s.quiet.probe(ctx, t, reader, "/api/user/profile", 200) })...)
	s.memory[0] = p.resident()

	work := append(load(), func(ctx context.Context) { s.profile.probe(ctx, t, reader, "/api/user/profile", 200) })
	for range stormClients {
		work = append(work, func(ctx context.Context) { s.signInAgain(ctx, newClient(p.URL)) })
	}
	work = append(work, func(ctx context.Context) {
		pace(ctx, 10, func() { s.memory[1] = max(s.memory[1], p.resident()) })
	})
	begun := time.Now()
	during(t, while, work...)
	s.took = time.Since(begun)
	return s
}

func (s *storm) signInAgain(ctx context.Context, c *client) {
	body := servertest.Object("email", "ada@example.com", "password", password, "tokenDelivery", "body")
	pause(ctx, rand.N(time.Second))
	for ctx.Err() == nil {
		got, err := c.ask(ctx, http.MethodPost, "/api/auth/login", body)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			s.wrong.Add(1)
		case got.StatusCode == http.StatusOK:
			s.signIns.Add(1)
			continue
		case (got.StatusCode == http.StatusServiceUnavailable || got.StatusCode == http.StatusTooManyRequests) && got.Header.Get("Retry-After") != "":
			s.refused.Add(1)
			s.surplus.add(got.took)
		default:
			s.wrong.Add(1)
		}
		pause(ctx, time.Second/2+rand.N(time.Second))
	}
}

// bareRate returns how many hashes per second all cores compute when idle
// otherwise.
func bareRate(t *testing.T) float64 {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(password), stormCost)
	if err != nil {
		t.Fatal(err)
	}
	var hashes atomic.Int64
	begun := time.Now()
	work := make([]func(context.Context), runtime.NumCPU())
	for i := range work {
		work[i] = func(ctx context.Context) {
			for ctx.Err() == nil {
				if err := bcrypt.CompareHashAndPassword(hash, []byte(password)); err != nil {
					t.Error(err)
				}
				hashes.Add(1)
			}
		}
	}
	during(t, 5*time.Second, work...)
	return float64(hashes.Load()) / time.Since(begun).Seconds()
}

// A storm of sign-ins neither makes signed-in people wait nor leaves a core
// idle; clients that find the queue full are refused at once.
func TestStorm(t *testing.T) {
	if !*full {
		blow(t, start(t, t.TempDir(), stormFlags...)).check(t)
		return
	}
	bare := bareRate(t)
	row(t, "bcrypt at cost 12 on all cores, nothing else", "%.2f/s", bare)
	for _, beside := range []struct {
		what       string
		pages      int
		neighbours bool
	}{{"nothing else", 0, false}, {"32 connections load pages", 32, false}, {"the same, and another process keeps all cores busy", 32, true}} {
		t.Run(beside.what, func(t *testing.T) {
			if beside.neighbours {
				keepCoresBusy(t)
			}
			s := rage(t, start(t, t.TempDir(), stormFlags...), beside.pages, 30*time.Second)
			s.check(t)
			row(t, "storm beside "+beside.what+": lychgate", "%s; surplus told within %s (p99 of %d); %.0f MB before, %.0f at most",
				s.figure(bare), ms(s.surplus.percentile(990)), s.refused.Load(), s.memory[0], s.memory[1])
			for _, way := range slices.Sorted(maps.Keys(waysToHash)) {
				p := startCommand(t, t.TempDir(), as("plain", way))
				s := rage(t, p, beside.pages, 12*time.Second)
				row(t, "a plain server, "+way, "%s; %.0f MB at most", s.figure(bare), s.memory[1])
				p.Kill()
			}
		})
	}
}

// keepCoresBusy makes other processes compete for all cores until the test
// ends.
func keepCoresBusy(t *testing.T) {
	t.Helper()
	for range runtime.NumCPU() {
		cmd := as("busy")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			cmd.Process.Kill() // it ends in no other way
			cmd.Wait()         // it was killed
		})
	}
}

var stormFlags = append([]string{"--bcrypt-cost", strconv.Itoa(stormCost)}, cheap[2:]...)

func (s *storm) figure(bare float64) string {
	rate := float64(s.signIns.Load()) / s.took.Seconds()
	return fmt.Sprintf("profile p99 %s, p99.9 %s (quiet %s, %s); %.1f sign-ins/s, %.2f of bare",
		ms(s.profile.percentile(990)), ms(s.profile.percentile(999)), ms(s.quiet.percentile(990)), ms(s.quiet.percentile(999)), rate, rate/bare)
}

// check fails the test on any wrong answer. Latencies only go into the table.
func (s *storm) check(t *testing.T) {
	t.Helper()
	if wrong := s.wrong.Load(); wrong > 0 {
		t.Errorf("%d sign-ins got neither in nor a 503 or 429 with Retry-After", wrong)
	}
	wantsServed(t, &s.quiet)
	wantsServed(t, &s.profile)
	if s.signIns.Load() == 0 || s.refused.Load() == 0 {
		t.Errorf("%d signed in, %d were refused: there was no storm", s.signIns.Load(), s.refused.Load())
	}
	if s.memory[1] > s.memory[0]+50 {
		t.Errorf("it took %.0f MB before, %.0f in the storm", s.memory[0], s.memory[1])
	}
}
