package password_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"lychgate/server/password"
	"lychgate/server/problem"
)

// wantsBusy fails the test unless err is a problem of kind Unavailable with
// this RetryAfter.
func wantsBusy(t *testing.T, err error, wait time.Duration) {
	t.Helper()
	var p *problem.Error
	if !errors.As(err, &p) || p.Kind != problem.Unavailable || p.RetryAfter != wait {
		t.Errorf("error %#v, want a problem of kind Unavailable with RetryAfter %v", err, wait)
	}
}

func until(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for begun := time.Now(); !condition(); runtime.Gosched() {
		if time.Since(begun) > time.Minute {
			t.Fatalf("still not: %s", what)
		}
	}
}

func TestQueueIsBounded(t *testing.T) {
	h := newHasher(t, cost)
	stored := hash(t, h, "a password")
	giveBack := []func(){h.Occupy(), h.Occupy()}

	// Half hash, half verify; every fourth gives up later.
	gaveUp, cancel := context.WithCancel(t.Context())
	answers := make(chan error, password.MostWaiting)
	for i := range password.MostWaiting {
		ctx := t.Context()
		if i%4 == 0 {
			ctx = gaveUp
		}
		go func() {
			var err error
			if i%2 == 0 {
				_, err = h.Hash(ctx, "a password")
			} else {
				_, _, err = h.Verify(ctx, stored, "a password")
			}
			answers <- err
		}()
	}
	until(t, "the queue is full", func() bool { return h.Waiting() == password.MostWaiting })

	// Further calls are refused at once and leave no trace.
	for range 100 {
		_, err := h.Hash(t.Context(), "a password")
		wantsBusy(t, err, time.Second)
		_, _, err = h.Verify(t.Context(), stored, "a password")
		wantsBusy(t, err, time.Second)
		wantsBusy(t, h.Room(), time.Second)
	}
	if waiting := h.Waiting(); waiting != password.MostWaiting {
		t.Errorf("%d wait", waiting)
	}

	// Calls that give up make room.
	cancel()
	for range password.MostWaiting / 4 {
		err := <-answers
		wantsBusy(t, err, time.Second)
		if !errors.Is(err, context.Canceled) {
			t.Errorf("the error lacks a cause for the log: %v", err)
		}
	}
	until(t, "they have left", func() bool { return h.Waiting() == password.MostWaiting*3/4 })
	if err := h.Room(); err != nil {
		t.Errorf("there is room, and still: %v", err)
	}

	for _, give := range giveBack {
		give()
	}
	for range password.MostWaiting * 3 / 4 {
		if err := <-answers; err != nil {
			t.Errorf("of those that waited one failed: %v", err)
		}
	}
	if waiting := h.Waiting(); waiting != 0 {
		t.Errorf("%d still wait", waiting)
	}
	hash(t, h, "a password")
}

// No call waits longer than people do.
func TestNobodyWaitsForever(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHasher(t, cost)
		h.Occupy()
		h.Occupy()
		begun := time.Now()
		_, err := h.Hash(t.Context(), "a password")
		wantsBusy(t, err, time.Second)
		if took := time.Since(begun); took != 20*time.Second || h.Waiting() != 0 {
			t.Errorf("it waited for %v; %d still wait", took, h.Waiting())
		}
	})
}

// Retry-After is roughly how long a full queue takes to empty.
func TestHowLongToWait(t *testing.T) {
	for _, test := range []struct {
		cost, workers int
		want          time.Duration
	}{{4, 1, time.Second}, {12, 1, 16 * time.Second}, {12, 2, 8 * time.Second}, {13, 1, 20 * time.Second}, {10, 8, time.Second}} {
		h := password.NewHasher(newRoot(t, "a"), test.cost, test.workers)
		for range test.workers {
			h.Occupy()
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := h.Hash(ctx, "a password")
		wantsBusy(t, err, test.want)
	}
}
