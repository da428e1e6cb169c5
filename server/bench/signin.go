//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"time"

	"golang.org/x/crypto/bcrypt"
)

const (
	stormClients = 200
	hashCost     = 12
	// A hash takes long, so these rows need more time than others.
	hashSeconds = 3
)

// measureSignIns measures the rate of sign-ins of a server that does nothing
// else, as a fraction of that of bare bcrypt.
func (b *bench) measureSignIns(ctx context.Context) error {
	if !b.wants("sign-in") {
		return nil
	}
	fractions := make(map[string][]float64)
	err := b.hash(ctx, func(s *server, bare float64) error {
		tally, err := b.signIns(ctx, s, 2*runtime.NumCPU())
		if err == nil && tally.refused > 0 {
			err = fmt.Errorf("%s refused %d sign-ins", s.name, tally.refused)
		}
		fractions[s.name] = append(fractions[s.name], tally.rate/bare)
		return err
	})
	b.addAll("sign-in", fractions)
	return err
}

// measureStorm measures what a signed-in person notices of 200 clients that
// sign in again and again, and how many of these get in meanwhile.
func (b *bench) measureStorm(ctx context.Context) error {
	if !b.wants("storm-p99", "storm-sign-ins") {
		return nil
	}
	slower, fractions := make(map[string][]float64), make(map[string][]float64)
	err := b.hash(ctx, func(s *server, bare float64) error {
		quiet, err := b.startProbe(ctx, s)()
		if err != nil {
			return err
		}
		probed := b.startProbe(ctx, s)
		tally, stormErr := b.signIns(ctx, s, stormClients)
		stormy, err := probed()
		slower[s.name] = append(slower[s.name], float64(stormy)/float64(quiet))
		fractions[s.name] = append(fractions[s.name], tally.rate/bare)
		return errors.Join(stormErr, err)
	})
	b.addAll("storm-p99", slower)
	b.addAll("storm-sign-ins", fractions)
	return err
}

// hash measures ours and the afternoon's server in rounds, both with hashes of
// cost 12, and each right after bare bcrypt. They are started anew each time, since the
// afternoon's goes on hashing for clients that are gone.
func (b *bench) hash(ctx context.Context, measure func(s *server, bare float64) error) error {
	defer b.stopAll()
	startOurs := func(ctx context.Context) (*server, error) {
		return b.startOurs(ctx, filepath.Join(b.scratch, "hashing"), "--bcrypt-cost", strconv.Itoa(hashCost))
	}
	for range b.rounds {
		for _, start := range []starter{startOurs, b.startAfternoon} {
			bare, err := b.bareRate(ctx)
			if err != nil {
				return err
			}
			s, err := start(ctx)
			if err == nil {
				err = measure(s, bare)
			}
			if err != nil {
				return err
			}
			b.stopAll()
		}
	}
	return nil
}

// addAll adds the figures of a row.
func (b *bench) addAll(key string, rounds map[string][]float64) {
	for _, name := range slices.Sorted(maps.Keys(rounds)) {
		f := figureOf(rounds[name])
		b.found.add(key, name, f)
		say("%-15s %-10s %7.2f (%.2f–%.2f)", key, name, f.Median, f.Low, f.High)
	}
}

// tally is the result of clients that sign in again and again.
type tally struct {
	rate    float64 // sign-ins per second
	refused int
}

// bareRate returns how many hashes per second all cores compute.
func (b *bench) bareRate(ctx context.Context) (float64, error) {
	hash, err := bcrypt.GenerateFromPassword([]byte(password), hashCost)
	if err != nil {
		return 0, err
	}
	t, err := b.repeat(ctx, runtime.NumCPU(), func(context.Context) (bool, error) {
		return true, bcrypt.CompareHashAndPassword(hash, []byte(password))
	})
	if err == nil && t.rate == 0 {
		err = errors.New("no two hashes were done in time: give -seconds more")
	}
	return t.rate, err
}

// signIns lets clients sign in for a while. One that is told to come back later
// waits for about a second.
func (b *bench) signIns(ctx context.Context, s *server, clients int) (tally, error) {
	each := newClient()
	each.Transport = &http.Transport{MaxIdleConnsPerHost: clients}
	defer each.CloseIdleConnections()
	return b.repeat(ctx, clients, func(ctx context.Context) (bool, error) {
		got, err := post(ctx, each, s.url+s.login, map[string]string{"email": email, "password": password})
		switch {
		case err != nil:
			return false, err
		case got.Status == http.StatusOK:
			return true, nil
		case got.Header.Get("Retry-After") != "":
			pause(ctx, time.Second/2+rand.N(time.Second)) //nolint:gosec // no secret
			return false, nil
		}
		return false, fmt.Errorf("a sign-in at %s got status %d\n%s", s.name, got.Status, got.Body)
	})
}

// repeat lets workers do something again and again for a while, and returns how
// often it succeeded per second, from the first time to the last.
func (b *bench) repeat(ctx context.Context, workers int, do func(context.Context) (bool, error)) (tally, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(b.seconds*hashSeconds)*time.Second)
	defer cancel()
	var (
		mu     sync.Mutex
		times  []time.Time
		result tally
		fault  error
		all    sync.WaitGroup
	)
	for range workers {
		all.Go(func() {
			for ctx.Err() == nil {
				done, err := do(ctx)
				mu.Lock()
				switch {
				case ctx.Err() != nil: // cut off
				case err != nil:
					fault = err
					cancel()
				case done:
					times = append(times, time.Now())
				default:
					result.refused++
				}
				mu.Unlock()
			}
		})
	}
	all.Wait()
	if fault != nil {
		return tally{}, fault
	}
	if len(times) > 1 {
		result.rate = float64(len(times)-1) / times[len(times)-1].Sub(times[0]).Seconds()
	}
	return result, nil
}

const probesPerSecond = 200

// startProbe requests the profile from another process, so that what this one
// does besides does not count. The function it returns waits for the end and
// returns the p99.
func (b *bench) startProbe(ctx context.Context, s *server) (wait func() (time.Duration, error)) {
	profile := s.requests["profile"]
	cmd := exec.CommandContext(ctx, b.tool("bench"), "probe", s.url+profile.path, profile.header.Get("Cookie"), strconv.Itoa(b.seconds*hashSeconds)) //nolint:gosec // this program
	cmd.Stderr = os.Stderr
	type outcome struct {
		p99 time.Duration
		err error
	}
	done := make(chan outcome, 1)
	go func() {
		output, err := cmd.Output()
		var o outcome
		if o.err = err; err == nil {
			o.err = json.Unmarshal(output, &o.p99)
		}
		done <- o
	}()
	return func() (time.Duration, error) {
		o := <-done
		return o.p99, o.err
	}
}

// probe requests an address for some seconds, 200 times a second or as often as
// it is answered, and prints the p99 of the latencies in nanoseconds.
func probe(args []string) error {
	seconds, err := strconv.Atoi(args[2])
	if err != nil {
		return err
	}
	ctx := context.Background()
	var took []time.Duration
	turn := time.NewTicker(time.Second / probesPerSecond)
	defer turn.Stop()
	for begun := time.Now(); time.Since(begun) < time.Duration(seconds)*time.Second; <-turn.C {
		asked := time.Now()
		if _, err := ask(ctx, args[0], get("", "Cookie", args[1])); err != nil {
			return err
		}
		took = append(took, time.Since(asked))
	}
	slices.Sort(took)
	_, err = fmt.Println(int64(took[len(took)*99/100]))
	return err
}
