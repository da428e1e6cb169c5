//go:build linux

package faulttest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"lychgate/server/cli"
	"lychgate/server/servertest"
)

// serve runs the program inside this test binary, with the race detector if the
// tests have it, and reports the number of goroutines on descriptor 3 every
// second.
func serve() int {
	go func() {
		tell := os.NewFile(3, "goroutines")
		for range time.Tick(time.Second) {
			if _, err := fmt.Fprintln(tell, runtime.NumGoroutine()); err != nil {
				return
			}
		}
	}()
	export := filepath.Join("..", "..", "frontend", "out")
	_, err := os.Stat(filepath.Join(export, "index.html"))
	if err != nil {
		export += ".placeholder"
	}
	return cli.Run(os.Args[1:], os.Getenv, os.Stdin, os.Stdout, os.Stderr, cli.Site{Files: os.DirFS(export), Built: err == nil})
}

// startCounted runs the program inside this test binary. The returned function
// returns the latest number of goroutines.
func startCounted(t *testing.T) (p *program, goroutines func() int) {
	t.Helper()
	dir := t.TempDir()
	count, tell, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := as("serve", serveFlags(dir, cheap...)...)
	cmd.ExtraFiles = []*os.File{tell}
	var last atomic.Int64
	go func() {
		lines := bufio.NewScanner(count)
		for lines.Scan() {
			if n, err := strconv.Atoi(lines.Text()); err == nil {
				last.Store(int64(n))
			}
		}
	}()
	p = startCommand(t, dir, cmd)
	tell.Close()
	t.Cleanup(func() { count.Close() })
	// Once it answers, all of its background work has begun, and only then a count
	// is one of a server at rest.
	c := newClient(p.URL)
	c.wants(t, http.StatusOK, http.MethodGet, "/readyz", "")
	c.http.CloseIdleConnections()
	last.Store(0)
	eventually(t, "goroutines are counted", patience, func() bool { return last.Load() > 0 })
	return p, func() int { return int(last.Load()) }
}

// sample is the server's resource usage at a time.
type sample struct {
	at                          time.Duration
	memory, goroutines, handles float64 // memory in MB
}

// series are the curves in the samples.
var series = []struct {
	name string
	of   func(sample) float64
}{
	{"memory, MB", func(s sample) float64 { return s.memory }},
	{"goroutines", func(s sample) float64 { return s.goroutines }},
	{"open files and sockets", func(s sample) float64 { return s.handles }},
}

// flat compares the last third of the samples with the third before, and fails
// the test if a curve is still rising.
func flat(t *testing.T, samples []sample) string {
	t.Helper()
	third := len(samples) / 3
	var words []string
	for _, one := range series {
		mean := func(part []sample) (sum float64) {
			for _, s := range part {
				sum += one.of(s) / float64(len(part))
			}
			return sum
		}
		before, last := mean(samples[third:2*third]), mean(samples[2*third:])
		if *full && last > before*1.1+1 {
			t.Errorf("%s: %.1f on average, and %.1f in the third before: it grows", one.name, last, before)
		}
		words = append(words, fmt.Sprintf("%s %.1f, then %.1f", one.name, before, last))
	}
	return strings.Join(words, "; ")
}

// chart draws the samples.
func chart(samples []sample) string {
	const width, height, left, gap = 720, 120, 60, 50
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" font-family="sans-serif" font-size="13" fill="#333">`+"\n",
		width+left+30, len(series)*(height+gap)+30, width+left+30, len(series)*(height+gap)+30)
	b.WriteString(`<rect width="100%" height="100%" fill="#fff"/>` + "\n")
	end := samples[len(samples)-1].at
	for i, one := range series {
		top := 30 + i*(height+gap)
		most := 1.0
		for _, s := range samples {
			most = max(most, one.of(s)*1.25)
		}
		fmt.Fprintf(&b, `<text x="%d" y="%d" font-weight="bold">%s</text>`+"\n", left, top-8, one.name)
		for _, part := range []float64{0, 0.5, 1} {
			y := float64(top) + height*(1-part)
			fmt.Fprintf(&b, `<line x1="%d" y1="%.1f" x2="%d" y2="%.1f" stroke="#ddd"/><text x="%d" y="%.1f" text-anchor="end" fill="#666">%.0f</text>`+"\n",
				left, y, left+width, y, left-8, y+4, most*part)
		}
		b.WriteString(`<polyline fill="none" stroke="#2563eb" stroke-width="1.5" points="`)
		for _, s := range samples {
			fmt.Fprintf(&b, "%.1f,%.1f ", left+width*s.at.Seconds()/end.Seconds(), float64(top)+height*(1-one.of(s)/most))
		}
		b.WriteString(`"/>` + "\n")
		for minute := 0; minute <= int(end.Minutes()); minute += 5 {
			fmt.Fprintf(&b, `<text x="%.1f" y="%d" text-anchor="middle" fill="#666">%d min</text>`+"\n",
				left+width*float64(minute)*60/end.Seconds(), top+height+18, minute)
		}
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// mixed does everything that people and attackers do, at once: writes of all
// kinds, pages, wrong passwords, cancelled requests, malformed JSON,
// connections left open. It returns how many requests were answered, and how
// many were told to try again later.
func mixed(t *testing.T, p *program, while time.Duration) (int64, int64) {
	t.Helper()
	var answered, told, failed atomic.Int64
	note := func(got answer, err error) {
		switch {
		case err == nil && got.StatusCode < http.StatusInternalServerError:
			answered.Add(1)
			return
		case err == nil && servertest.Watched() && got.StatusCode == http.StatusServiceUnavailable && got.Header.Get("Retry-After") != "":
			told.Add(1)
			return
		}
		failed.Add(1)
		t.Errorf("%v %v %s", err, got.Response, got.body)
	}
	var (
		work    []func(context.Context)
		clients []*client
	)
	newClient := func(url string) *client {
		clients = append(clients, newClient(url))
		return clients[len(clients)-1]
	}
	for i := range 8 {
		one := &person{client: newClient(p.URL), email: fmt.Sprintf("p%d@example.com", i), password: fact{password, password}}
		one.register(t, one.email)
		one.login(t, one.email)
		reader := newClient(p.URL)
		work = append(work, func(ctx context.Context) {
			pace(ctx, 1, func() {
				switch ok, err := one.write(t.Context()); {
				case ok:
					answered.Add(1)
				case servertest.Watched() && errors.Is(err, errBusy): // it makes everything many times slower
					told.Add(1)
				default:
					t.Errorf("%s: a write failed: %v", one.email, err)
				}
				one.accounts, one.revoked = nil, nil
			})
		}, func(ctx context.Context) {
			for turn := 0; ctx.Err() == nil; turn++ {
				path := []string{"/", "/dashboard", "/login", "/api/auth/session", "/no/such/page", "/.well-known/jwks.json", "/readyz", "/api/openapi.json"}[turn%8]
				note(reader.ask(t.Context(), http.MethodGet, path, ""))
				pause(ctx, 50*time.Millisecond)
			}
		})
	}
	hasty, stranger := newClient(p.URL), newClient(p.URL)
	work = append(work, func(ctx context.Context) { // guesses and garbles
		pace(ctx, 1, func() {
			note(stranger.ask(t.Context(), http.MethodPost, "/api/auth/login", servertest.Object("email", "p0@example.com", "password", "a guess")))
			note(stranger.ask(t.Context(), http.MethodPost, "/api/auth/login", `{"email":`))
			note(stranger.ask(t.Context(), http.MethodPost, "/api/auth/refresh", servertest.Object("refreshToken", strings.Repeat("x", 100))))
		})
	}, func(ctx context.Context) { // goes away in the middle
		pace(ctx, 5, func() {
			soon, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
			defer cancel()
			hasty.ask(soon, http.MethodPost, "/api/auth/login", servertest.Object("email", "p0@example.com", "password", "a guess")) // it is meant to fail
		})
	}, func(ctx context.Context) { // says nothing, or half of something
		pace(ctx, 5, func() {
			connection, err := p.dial()
			if err != nil {
				t.Error(err)
				return
			}
			defer connection.Close()
			io.WriteString(connection, "POST /api/auth/login HTTP/1.1\r\nHost: "+p.host()+"\r\nContent-Length: 100\r\n\r\n{") // nobody waits for an answer
			pause(ctx, 100*time.Millisecond)
		})
	})
	during(t, while, work...)
	for _, one := range clients {
		one.http.CloseIdleConnections()
	}
	if failed.Load() > 0 {
		t.Errorf("%d requests failed", failed.Load())
	}
	return answered.Load(), told.Load()
}

// remembered is the size of the server's cache of verified access tokens.
const remembered = 20_000

// fill fills that cache, so that it does not grow during the measurement.
func fill(t *testing.T, p *program) {
	t.Helper()
	c := p.signIn(t)
	for range quick(100, remembered) {
		if err := c.take(c.wants(t, http.StatusOK, http.MethodPost, "/api/auth/refresh", servertest.Object("refreshToken", c.refresh))); err != nil {
			t.Fatal(err)
		}
		c.wants(t, http.StatusOK, http.MethodGet, "/api/user/profile", "")
	}
	c.http.CloseIdleConnections()
}

// databaseHandles is the number of files that the database's readers open on
// first use.
const databaseHandles = 12

// TestMixedLoad does everything at once for a long time: resource usage stays
// flat, and the race detector reports nothing.
func TestMixedLoad(t *testing.T) {
	p, goroutines := startCounted(t)
	resting, restingHandles := goroutines(), p.handles()
	fill(t, p)

	while := quick(5*time.Second, 20*time.Minute)
	if servertest.Watched() {
		while = quick(5*time.Second, 10*time.Minute)
	}
	var samples []sample
	ctx, cancel := context.WithCancel(t.Context())
	sampled := make(chan struct{})
	begun := time.Now()
	go func() {
		defer close(sampled)
		pace(ctx, 1, func() {
			samples = append(samples, sample{time.Since(begun), p.resident(), float64(goroutines()), float64(p.handles())})
		})
	}()
	answered, told := mixed(t, p, while)
	cancel()
	<-sampled

	eventually(t, "what was held for the load is given back", 2*time.Minute, func() bool {
		return goroutines() <= resting+2 && p.handles() <= restingHandles+databaseHandles
	})
	p.Stop()
	if strings.Contains(p.log.String(), "DATA RACE") {
		t.Errorf("a race:\n%s", p.log)
	}
	what := fmt.Sprintf("mixed load for %v", while)
	if servertest.Watched() {
		row(t, what+", with the race detector", "%d requests answered, %d told to come back later; no race", answered, told)
		return
	}
	row(t, what, "%d requests answered; %s", answered, flat(t, samples))
	if *full {
		if err := os.WriteFile(filepath.Join("..", "..", "docs", "images", "soak.svg"), []byte(chart(samples)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
