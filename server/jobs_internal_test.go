package server

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"lychgate/server/config"
	"lychgate/server/limit"
	"lychgate/server/listen"
	"lychgate/server/session"
	"lychgate/server/user"
	"lychgate/server/web"
)

// However often background work fails, one line says so, and one that it is over.
// A panic is a failure like any other: it is logged whole, and the work goes on.
func TestBackgroundWorkTellsOfFailuresOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		fails := func() error { return errors.New("out of order") }
		panics := func() error { panic("out of hand") }
		succeeds := func() error { return nil }
		stops := func() error { cancel(); return ctx.Err() } // while it is stopped, it is no failure
		runs := []func() error{succeeds, fails, fails, panics, succeeds, succeeds, panics, panics, fails, succeeds, stops}
		var log strings.Builder
		ran := 0
		j := job{name: "test", interval: time.Minute, run: func(context.Context) error {
			ran++
			return runs[ran-1]()
		}}
		begun := time.Now()
		j.repeat(ctx, web.BoundedLog(slog.New(slog.NewJSONHandler(&log, nil))))
		if ran != len(runs) || time.Since(begun) != time.Duration(len(runs))*j.interval {
			t.Errorf("it ran %d times in %v, want %d times, one a minute", ran, time.Since(begun), len(runs))
		}
		var lines []string
		for text := range strings.Lines(log.String()) {
			var line struct{ Level, Msg, Job, Error string }
			if err := json.Unmarshal([]byte(text), &line); err != nil {
				t.Fatal(err)
			}
			what, stack, _ := strings.Cut(line.Error, "\n")
			if strings.HasPrefix(what, "panic") && !strings.Contains(stack, "jobs_internal_test.go") {
				t.Errorf("the stack does not say where it was: %s", line.Error)
			}
			lines = append(lines, strings.TrimSuffix(line.Level+" "+line.Job+" "+what, " "))
		}
		want := []string{"ERROR test out of order", "INFO test", "ERROR test panic: out of hand", "INFO test"}
		if !slices.Equal(lines, want) {
			t.Errorf("the log says %q, want %q", lines, want)
		}
	})
}

// What must not wait for its interval is done at once.
func TestBackgroundWorkAtOnce(t *testing.T) {
	for _, atOnce := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			begun := time.Now()
			job{interval: time.Hour, atOnce: atOnce, run: func(context.Context) error { cancel(); return nil }}.repeat(ctx, slog.New(slog.DiscardHandler))
			if waited := time.Since(begun); waited != map[bool]time.Duration{true: 0, false: time.Hour}[atOnce] {
				t.Errorf("at once %v: it ran after %v", atOnce, waited)
			}
		})
	}
}

// Work that is asked for is done at once after a quiet time, and otherwise once
// for all that came in the meantime.
func TestBackgroundWorkSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		soon := make(chan struct{}, 1)
		begun := time.Now()
		var ran []time.Duration
		j := job{interval: time.Hour, soon: soon, run: func(context.Context) error {
			if ran = append(ran, time.Since(begun)); len(ran) == 4 {
				cancel()
			}
			return nil
		}}
		ended := make(chan struct{})
		go func() {
			j.repeat(ctx, slog.New(slog.DiscardHandler))
			close(ended)
		}()
		time.Sleep(time.Minute)
		soon <- struct{}{}
		synctest.Wait()
		for range 10 {
			select {
			case soon <- struct{}{}:
			default:
			}
			time.Sleep(followEvery / 10)
		}
		<-ended
		want := []time.Duration{time.Minute, time.Minute + followEvery, time.Minute + 2*followEvery, time.Hour}
		if !slices.Equal(ran, want) {
			t.Errorf("it ran after %v, want %v", ran, want)
		}
	})
}

// Changes of other processes count within a second, because a write to the
// database asks for a look at them. A look that nothing asks for comes later.
func TestWritesAskForALook(t *testing.T) {
	written := make(chan struct{}, 1)
	s := &Server{listening: &listen.Server{}, passwords: &user.Passwords{Limits: new(limit.Limits)}, sessions: &session.Service{}}
	for _, j := range s.jobs(written) {
		if j.name == "follow changes of other processes" {
			if j.soon != (<-chan struct{})(written) || followEvery > time.Second/2 {
				t.Errorf("%s: it is not asked for by writes, or waits %v for the next", j.name, followEvery)
			}
			return
		}
	}
	t.Error("nothing follows what other processes change")
}

// A table that cannot be swept, or a key that cannot be read, keeps nothing else
// from being done.
func TestOnePartThatFailsStopsNoOther(t *testing.T) {
	settings := config.Default()
	settings.Addr, settings.DataDir = "localhost:0", t.TempDir()
	s, err := New(t.Context(), settings, Environment{
		Site: fstest.MapFS{"index.html": {}, "login.html": {}}, Partial: true, Log: slog.New(slog.DiscardHandler), Now: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.close(); err != nil {
			t.Error(err)
		}
	})
	db, err := sql.Open("sqlite", "file:"+settings.DatabasePath()+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	full := time.Now().Add(time.Hour)
	for _, statement := range []string{
		`INSERT INTO users (id, email, name, password_hash, password_version, created_at) VALUES ('ada', 'ada@example.com', '', '', 1, 0)`,
		`INSERT INTO sessions (id, user_id, generation, rotated_at, created_at, last_seen_at, ip, user_agent) VALUES ('old', 'ada', 1, 1, 1, 1, '', '')`,
		`CREATE TRIGGER broken BEFORE DELETE ON sessions BEGIN SELECT RAISE(FAIL, 'broken'); END`,
		`INSERT INTO known_addresses (user_id, address, last_used_at) VALUES ('ada', '192.0.2.1', 1)`,
		`INSERT INTO signing_keys (id, sealed, created_at) VALUES ('broken', x'00', 1)`,
		fmt.Sprintf(`INSERT INTO account_attempts (email, full_at) VALUES ('an account', %d)`, full.UnixMilli()),
		`INSERT INTO changes (kind, id, at) VALUES ('key', 'broken', 0), ('limit', 'an account', 0)`,
	} {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}

	if err := s.follow(t.Context()); err == nil {
		t.Error("the key that cannot be read is no failure")
	}
	if at := s.passwords.Limits.AccountFullAt("an account"); time.Until(at) < 30*time.Second {
		t.Errorf("the attempts of another process are not counted: they have come back at %v", at)
	}
	if err := s.sweep(t.Context()); err == nil {
		t.Error("the table that cannot be swept is no failure")
	}
	var left int
	if err := db.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM known_addresses`).Scan(&left); err != nil || left != 0 {
		t.Errorf("%d addresses are left, %v", left, err)
	}
}
