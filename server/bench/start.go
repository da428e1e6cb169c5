//go:build linux

package main

import (
	"context"
	"path/filepath"
	"time"
)

// present starts each server once, so that its database is there, and returns
// how to start them again: the limit, ours, the others.
func (b *bench) present(ctx context.Context) ([]starter, error) {
	defer b.stopAll()
	again := func(ctx context.Context) (*server, error) {
		return b.startOurs(ctx, filepath.Join(b.scratch, "present"), "--bcrypt-cost", "10")
	}
	us, err := again(ctx)
	if err != nil {
		return nil, err
	}
	if err := b.record(ctx, us); err != nil {
		return nil, err
	}
	for _, start := range b.others() {
		if _, err := start(ctx); err != nil {
			return nil, err
		}
	}
	return append([]starter{b.startLimit, again}, b.others()...), nil
}

// settle is how long a server rests before its memory is read.
const settle = 3 * time.Second

// measureMemory reads the memory of servers that have answered one request, and
// after some load.
func (b *bench) measureMemory(ctx context.Context) error {
	if !b.wants("memory-idle", "memory-loaded") {
		return nil
	}
	starters, err := b.present(ctx)
	if err != nil {
		return err
	}
	idle, loaded := make(map[string][]float64), make(map[string][]float64)
	for range b.rounds {
		for _, start := range starters {
			if err := b.memory(ctx, start, idle, loaded); err != nil {
				return err
			}
		}
	}
	b.addAll("memory-idle", idle)
	b.addAll("memory-loaded", loaded)
	return nil
}

// memory starts a server and adds what it takes.
func (b *bench) memory(ctx context.Context, start starter, idle, loaded map[string][]float64) error {
	defer b.stopAll()
	s, err := start(ctx)
	if err != nil {
		return err
	}
	pause(ctx, settle)
	before, err := s.usage()
	if err != nil {
		return err
	}
	for _, key := range []string{"page", "profile", "asset"} {
		if _, can := s.requests[key]; can {
			if _, err := b.work(ctx, s, key, b.seconds); err != nil {
				return err
			}
		}
	}
	after, err := s.usage()
	if err != nil {
		return err
	}
	const mega = 1 << 20
	idle[s.name] = append(idle[s.name], float64(before.resident)/mega)
	loaded[s.name] = append(loaded[s.name], float64(after.resident)/mega)
	return nil
}

// startsPerRound is more than one, since a start is short.
const startsPerRound = 3

// measureStart measures the time from the start of a process to its first
// answer, as a multiple of the limit's.
func (b *bench) measureStart(ctx context.Context) error {
	if !b.wants("start") {
		return nil
	}
	starters, err := b.present(ctx)
	if err != nil {
		return err
	}
	times := make(map[string][]float64)
	for range b.rounds * startsPerRound {
		var bare time.Duration
		for i, start := range starters {
			s, err := start(ctx)
			if err != nil {
				return err
			}
			if i == 0 {
				bare = s.started
			}
			times[s.name] = append(times[s.name], float64(s.started)/float64(bare))
			b.stopAll()
		}
	}
	b.addAll("start", times)
	return nil
}
