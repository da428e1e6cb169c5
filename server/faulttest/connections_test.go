//go:build linux

package faulttest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// dial opens a connection to a server.
func (p *program) dial() (net.Conn, error) {
	address, err := url.Parse(p.URL)
	if err != nil {
		return nil, err
	}
	return net.DialTimeout("tcp", address.Host, patience)
}

// host is the Host header of the server's origin.
func (p *program) host() string { return strings.TrimPrefix(p.URL, "http://") }

// needsHandles skips a test if this process may not open so many connections;
// the server inherits the same limit.
func needsHandles(t *testing.T, connections int) {
	t.Helper()
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Skipf("how many files may be open is not known: %v", err)
	}
	if limit.Cur < uint64(connections)+200 {
		t.Skipf("only %d files may be open, and %d connections are needed: raise the hard limit (ulimit -Hn)", limit.Cur, connections)
	}
}

// slow are ways to hold a connection open: headers that never end, a body that
// never ends, and answers that are never read. The server cuts each off at its
// documented time.
var slow = []struct {
	name  string
	begin func(p *program) string
	reads bool // reads what the server sends
	after time.Duration
}{
	{"header", func(p *program) string { return "GET / HTTP/1.1\r\nHost: " + p.host() + "\r\nX-Slow: " }, true, 4 * time.Second},
	{"body", func(p *program) string {
		return "POST /api/auth/login HTTP/1.1\r\nHost: " + p.host() + "\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n{"
	}, true, 15 * time.Second},
	{"read", func(p *program) string {
		// Enough answers to fill all buffers.
		return strings.Repeat("GET /api/openapi.json HTTP/1.1\r\nHost: "+p.host()+"\r\n\r\n", 400)
	}, false, 30 * time.Second},
}

// Everybody else is served while a thousand connections are held open.
func TestSlowClients(t *testing.T) {
	for _, way := range slow {
		t.Run(way.name, func(t *testing.T) {
			if way.name != "header" {
				fullOnly(t, "it takes "+way.after.String())
			}
			connections := quick(100, 1000)
			needsHandles(t, connections)
			p := start(t, t.TempDir(), cheap...)
			c := p.signIn(t)

			var lives latencies
			var held sync.WaitGroup
			for range connections {
				held.Go(func() {
					lived, err := linger(t.Context(), p, way.begin(p), way.reads)
					if err != nil {
						t.Error(err)
					}
					lives.add(lived)
				})
			}
			ctx, cancel := context.WithCancel(t.Context())
			go func() {
				held.Wait()
				cancel()
			}()
			var work watched
			work.work(ctx, c, "/api/user/profile", 100)
			wantsServed(t, &work)
			first, last := lives.percentile(0), lives.percentile(1000)
			// How late the last one is cut off depends on the machine too.
			if first < way.after-time.Second || *full && last > way.after+5*time.Second {
				t.Errorf("connections lived for %v to %v, want about %v", first, last, way.after)
			}
			row(t, fmt.Sprintf("slowloris, %s, %d connections", way.name, connections),
				"cut after %.1f to %.1f s; %d profiles meanwhile, none failed, p99 %s", first.Seconds(), last.Seconds(), work.count(), ms(work.percentile(990)))
		})
	}
}

// linger opens a connection, sends the beginning and then one byte at a time,
// and returns when the server cut it off.
func linger(ctx context.Context, p *program, beginning string, reads bool) (time.Duration, error) {
	connection, err := p.dial()
	if err != nil {
		return 0, err
	}
	defer connection.Close()
	begun := time.Now()
	if _, err := io.WriteString(connection, beginning); err != nil {
		return 0, err
	}
	ended := make(chan struct{})
	if reads {
		go func() {
			defer close(ended)
			io.Copy(io.Discard, connection) // it ends with the connection, in one way or another
		}()
	}
	drip := time.NewTicker(250 * time.Millisecond)
	defer drip.Stop()
	for time.Since(begun) < 2*patience {
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-ended:
			return time.Since(begun), nil
		case <-drip.C:
			if _, err := io.WriteString(connection, "x"); err != nil {
				return time.Since(begun), nil
			}
		}
	}
	return 0, errors.New("the server never cut the connection off")
}

// wantsServed fails the test unless the watched person was served all along.
func wantsServed(t *testing.T, work *watched) {
	t.Helper()
	if failed := work.failed.Load(); failed > 0 || work.count() == 0 {
		t.Errorf("of %d requests of somebody who works %d failed", work.count()+int(failed), failed)
	}
}

// Idle connections cost little, do not slow others down, and are closed at
// their timeout.
func TestIdleConnections(t *testing.T) {
	connections := quick(500, 10_000)
	needsHandles(t, connections)
	p := start(t, t.TempDir(), append([]string{"--idle-timeout", "60s"}, cheap...)...)
	before, memoryBefore := p.handles(), p.resident()

	idle := make([]net.Conn, 0, connections)
	defer func() {
		for _, connection := range idle {
			connection.Close()
		}
	}()
	for range connections {
		connection, err := p.dial()
		if err != nil {
			t.Fatal(err)
		}
		idle = append(idle, connection)
		if _, err := fmt.Fprintf(connection, "GET /healthz HTTP/1.1\r\nHost: %s\r\n\r\n", p.host()); err != nil {
			t.Fatal(err)
		}
		answer, err := http.ReadResponse(bufio.NewReader(connection), nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, answer.Body); err != nil || answer.StatusCode != http.StatusOK {
			t.Fatalf("%s, %v", answer.Status, err)
		}
	}
	if open := p.handles(); open < connections {
		t.Fatalf("only %d files are open: the connections are not kept", open)
	}
	memory := p.resident()
	if memory > 250 {
		t.Errorf("%d idle connections cost %.0f MB", connections, memory)
	}
	var fresh latencies
	for range 200 { // each on a connection of its own
		one := newClient(p.URL)
		fresh.add(one.wants(t, http.StatusOK, http.MethodGet, "/healthz", "").took)
		one.http.CloseIdleConnections()
	}
	what := fmt.Sprintf("%d idle keep-alive connections", connections)
	if !*full {
		row(t, what, "%.0f MB", memory)
		return
	}
	begun := time.Now()
	eventually(t, "idle connections are closed", 90*time.Second, func() bool { return p.handles() <= before+10 })
	row(t, what, "%.0f MB (%.0f before), a new request on a new connection: p50 %s, p99 %s; all closed %.0f s later",
		memory, memoryBefore, ms(fresh.percentile(500)), ms(fresh.percentile(990)), time.Since(begun).Seconds())
}

// Attackers open connections as fast as they can, with requests, without, and
// with garbage, while people work.
func TestFloodOfConnections(t *testing.T) {
	p := start(t, t.TempDir(), cheap...)
	c := p.signIn(t)
	before := p.handles()

	var work, quiet watched
	var opened atomic.Int64
	const while = 15 * time.Second
	span := func(w *watched, begun func() bool, work ...func(context.Context)) {
		work = append(work, func(ctx context.Context) { w.work(ctx, c, "/api/user/profile", 100) })
		if *full {
			during(t, while, work...)
			return
		}
		until(t, "a person is served", func() bool { return begun() && w.count()+int(w.failed.Load()) >= 50 }, work...)
	}
	span(&quiet, func() bool { return true })
	var flood []func(context.Context)
	for i := range 32 {
		text := []string{"GET / HTTP/1.1\r\nHost: " + p.host() + "\r\nConnection: close\r\n\r\n", "", "\x16\x03\x01\x00"}[i%3]
		flood = append(flood, func(ctx context.Context) {
			for ctx.Err() == nil {
				if connection, err := p.dial(); err == nil {
					io.WriteString(connection, text) // what comes of it is not looked at
					connection.Close()
					opened.Add(1)
				}
			}
		})
	}
	span(&work, func() bool { return opened.Load() >= 1000 }, flood...)
	wantsServed(t, &work)
	eventually(t, "all of them are closed", patience, func() bool { return p.handles() <= before+10 })
	row(t, "flood of new connections", "%.0f a second from 32 clients; profile p99 %s (quiet %s), none failed",
		float64(opened.Load())/while.Seconds(), ms(work.percentile(990)), ms(quiet.percentile(990)))
}
