//go:build linux

package faulttest

import (
	"context"
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// latencies are the durations of requests.
type latencies struct {
	mu   sync.Mutex
	list []time.Duration
}

func (l *latencies) add(took time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = append(l.list, took)
}

// percentile returns the time within which perMille of 1000 requests were
// answered.
func (l *latencies) percentile(perMille int) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.list) == 0 {
		return 0
	}
	slices.Sort(l.list)
	return l.list[min(len(l.list)-1, len(l.list)*perMille/1000)]
}

func (l *latencies) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.list)
}

// pace calls do repeatedly, at most perSecond times a second, until ctx is
// done.
func pace(ctx context.Context, perSecond int, do func()) {
	every := time.Second / time.Duration(perSecond)
	pause(ctx, rand.N(every)) // or all would come at once
	turn := time.NewTicker(every)
	defer turn.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-turn.C:
			do()
		}
	}
}

// pause waits for a while, or until ctx is done.
func pause(ctx context.Context, while time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(while):
	}
}

// watched requests the profile as a working person does, and records latencies
// and failures.
type watched struct {
	latencies
	failed atomic.Int64
}

func (w *watched) work(ctx context.Context, c *client, path string, perSecond int) {
	pace(ctx, perSecond, func() {
		got, err := c.ask(ctx, http.MethodGet, path, "")
		switch {
		case ctx.Err() != nil:
		case err != nil || got.StatusCode != http.StatusOK:
			w.failed.Add(1)
		default:
			w.add(got.took)
		}
	})
}

// probe does this in a separate process, so that this one's other work does not
// distort the measurement.
func (w *watched) probe(ctx context.Context, t testing.TB, c *client, path string, perSecond int) {
	cmd := as("probe", c.url, c.access, path, strconv.Itoa(perSecond))
	input, err := cmd.StdinPipe()
	if err != nil {
		t.Error(err)
		return
	}
	context.AfterFunc(ctx, func() { input.Close() })
	output, err := cmd.Output()
	if err != nil {
		t.Errorf("the probe: %v", err)
		return
	}
	var found struct {
		Took   []time.Duration
		Failed int64
	}
	if err := json.Unmarshal(output, &found); err != nil {
		t.Errorf("the probe: %v\n%s", err, output)
	}
	w.list = append(w.list, found.Took...)
	w.failed.Add(found.Failed)
}

// probe works until its input ends, and prints its results.
func probe() error {
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		io.Copy(io.Discard, os.Stdin) // however it ends
		cancel()
	}()
	perSecond, err := strconv.Atoi(os.Args[4])
	if err != nil {
		return err
	}
	var w watched
	c := newClient(os.Args[1])
	c.access = os.Args[2]
	w.work(ctx, c, os.Args[3], perSecond)
	return json.NewEncoder(os.Stdout).Encode(map[string]any{"took": w.list, "failed": w.failed.Load()})
}

// until runs work until there is enough of it, however long that takes on a busy
// machine, and waits until it ends.
func until(t testing.TB, what string, enough func() bool, work ...func(context.Context)) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	defer all.Wait()
	defer cancel()
	for _, one := range work {
		all.Go(func() { one(ctx) })
	}
	eventually(t, what, patience, enough)
}

// during runs work for a while and waits until it ends.
func during(t testing.TB, while time.Duration, work ...func(context.Context)) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), while)
	defer cancel()
	var all sync.WaitGroup
	for _, one := range work {
		all.Go(func() { one(ctx) })
	}
	all.Wait()
}
