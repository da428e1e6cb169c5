//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
)

// measureLoad measures all rows under load.
func (b *bench) measureLoad(ctx context.Context) error {
	if !b.wants(loaded...) {
		return nil
	}
	return b.race(ctx, loaded, b.others())
}

// race starts the limit, ours and others, and measures rows with all of them.
func (b *bench) race(ctx context.Context, keys []string, others []starter) error {
	defer b.stopAll()
	us, err := b.startOurs(ctx, filepath.Join(b.scratch, "data"), "--bcrypt-cost", "10")
	if err != nil {
		return err
	}
	if slices.Contains(keys, "tokens") && b.wants("tokens") {
		if us.requests["tokens"], err = b.manyTokens(ctx, us); err != nil {
			return err
		}
	}
	if err := b.record(ctx, us); err != nil {
		return err
	}
	bare, err := b.startLimit(ctx)
	if err != nil {
		return err
	}
	servers := []*server{bare, us}
	for _, start := range others {
		s, err := start(ctx)
		if err != nil {
			return err
		}
		servers = append(servers, s)
	}
	for _, key := range keys {
		if b.wants(key) {
			if err := b.contest(ctx, key, servers); err != nil {
				return err
			}
		}
	}
	return nil
}

// starter starts a server.
type starter func(context.Context) (*server, error)

// others are the servers besides ours and the limit.
func (b *bench) others() []starter {
	if b.nginx == "" {
		return []starter{b.startAfternoon}
	}
	return []starter{b.startAfternoon, b.startNginx}
}

// contest gives servers the same work in rounds, A B C A B C, and adds the
// figures of the row: the CPU time of a request as a multiple of the first
// server's in the same round.
func (b *bench) contest(ctx context.Context, key string, servers []*server) error {
	var able []*server
	for _, s := range servers {
		if _, can := s.requests[key]; can {
			able = append(able, s)
			if _, err := b.work(ctx, s, key, max(s.warmUp, 1)); err != nil {
				return err
			}
		}
	}
	loads := make(map[string][]load)
	for range b.rounds {
		for _, s := range able {
			done, err := b.work(ctx, s, key, b.seconds)
			if err != nil {
				return err
			}
			loads[s.name] = append(loads[s.name], done)
		}
	}
	for _, s := range able {
		f := ratios(loads[s.name], loads[able[0].name])
		b.found.add(key, s.name, f)
		say("%-15s %-10s %7.2f (%.2f–%.2f)  %.1f µs, %.0f/s", key, s.name, f.Median, f.Low, f.High, f.Load.CPU, f.Load.PerSecond)
	}
	return nil
}

// ratios pairs the rounds of two servers.
func ratios(of, to []load) figure {
	var paired, cpu, perSecond, p50, p99 []float64
	for i, l := range of {
		paired = append(paired, l.perRequest()/to[i].perRequest())
		cpu = append(cpu, l.perRequest())
		perSecond = append(perSecond, float64(l.Requests)/(float64(l.Micros)/1e6))
		p50 = append(p50, float64(l.P50))
		p99 = append(p99, float64(l.P99))
	}
	f := figureOf(paired)
	f.Load = &scale{quantile(cpu, 0.5), quantile(perSecond, 0.5), quantile(p50, 0.5), quantile(p99, 0.5)}
	return f
}

// The tokens of the row "tokens": as many for each of some people, since a token
// comes quickest from a refresh.
const (
	people         = 200
	tokensOfPerson = 50
)

// manyTokens returns requests for the page with different access tokens in
// turn.
func (b *bench) manyTokens(ctx context.Context, s *server) (request, error) {
	say("Getting %d access tokens.", people*tokensOfPerson)
	lines := make([]string, people*tokensOfPerson)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(8)
	for person := range people {
		group.Go(func() error {
			tokens, err := tokensOf(ctx, s.url, fmt.Sprintf("person-%d@example.com", person))
			for i, token := range tokens {
				// In turn, so that a person's tokens are far from each other.
				lines[i*people+person] = "accessToken=" + token
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return request{}, err
	}
	file := filepath.Join(b.scratch, "cookies")
	if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		return request{}, err
	}
	wanted := get("/dashboard", "Cookie", lines[0])
	wanted.cookies = file
	return wanted, nil
}

// tokensOf registers an account and refreshes its session.
func tokensOf(ctx context.Context, url, email string) ([]string, error) {
	got, err := want(ctx, url+"/api/auth/register", map[string]string{"email": email, "password": password, "tokenDelivery": "body"})
	if err != nil {
		return nil, err
	}
	var tokens []string
	for {
		var given struct{ AccessToken, RefreshToken string }
		if err := got.decode(&given); err != nil {
			return nil, err
		}
		if given.AccessToken == "" || given.RefreshToken == "" {
			return nil, errors.New("an answer without tokens")
		}
		tokens = append(tokens, given.AccessToken)
		if len(tokens) == tokensOfPerson {
			return tokens, nil
		}
		if got, err = want(ctx, url+"/api/auth/refresh", map[string]string{"refreshToken": given.RefreshToken}); err != nil {
			return nil, err
		}
	}
}
