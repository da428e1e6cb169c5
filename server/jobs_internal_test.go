package server

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

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
