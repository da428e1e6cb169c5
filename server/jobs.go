package server

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"lychgate/server/audit"
	"lychgate/server/token"
	"lychgate/server/web"
)

// job is background work: it runs again and again, never twice at once.
type job struct {
	name     string
	interval time.Duration
	// atOnce says that the first run does not wait for the interval: a server may be
	// restarted more often than that.
	atOnce bool
	// soon asks for a run before the interval is over. It may be nil.
	soon <-chan struct{}
	run  func(ctx context.Context) error
}

const (
	// followEvery is the pause between two looks at the changes while somebody
	// writes: well within the second in which they must count here.
	followEvery = token.SettleTime / 2
	// followIdle is the pause while nobody writes, and a second look at what the
	// watch may have missed.
	followIdle = 2 * time.Second
	sweepEvery = 10 * time.Minute
)

// jobs is all background work. An idle server does little of it, because each
// time that it wakes up costs more than what it then does.
func (s *Server) jobs(written <-chan struct{}) []job {
	list := []job{
		{"follow changes of other processes", followIdle, false, written, s.follow},
		{"store when sessions were last seen", 30 * time.Second, false, nil, s.saveLastSeen},
		{"revoke sessions beyond an account's limit", 5 * time.Second, false, nil, s.sessions.ThinOut},
		{"forget failed sign-ins", 30 * time.Second, false, nil, infallible(s.passwords.Limits.Sweep)},
		{"erase deleted data", 30 * time.Second, true, nil, s.erase},
		{"sweep lapsed rows", sweepEvery, true, nil, s.sweep},
	}
	if certificate := s.listening.Certificate; certificate != nil {
		list = append(list, job{"check the TLS certificate", 2 * time.Second, false, nil, infallible(certificate.Look)})
	}
	return list
}

// infallible adapts work that cannot fail, or logs its failures itself.
func infallible(work func()) func(context.Context) error {
	return func(context.Context) error {
		work()
		return nil
	}
}

// follow keeps what is in memory in step with the database and the clock.
func (s *Server) follow(ctx context.Context) error {
	s.sessions.Revoked.Forget()
	s.clock.Look()
	_ = s.clock.Settle(ctx) // it logs its failures itself, and is tried again
	return errors.Join(s.store.Poll(ctx), s.keys.Follow(ctx), s.passwords.FollowLimits(ctx))
}

func (s *Server) saveLastSeen(ctx context.Context) error {
	return s.sessions.LastSeen.Save(ctx, s.store)
}

// erase finishes deletions of the command line, which cannot empty the database's
// log while others read from it.
func (s *Server) erase(ctx context.Context) error {
	_, err := s.store.Erase(ctx)
	return err
}

// sweep removes what has lapsed: each package sweeps its own tables, and none that
// cannot keeps the others from it.
func (s *Server) sweep(ctx context.Context) error {
	now, err := s.clock.SweepTime(ctx)
	if err != nil {
		return err
	}
	return errors.Join(
		s.sessions.Sweep(ctx, now, sweepEvery),
		s.passwords.Users.SweepAddresses(ctx, now),
		s.passwords.SweepAttempts(ctx, now),
		s.keys.Sweep(ctx, now, s.sessions.Max),
		audit.Prune(ctx, s.store, now.Add(-s.auditKeep)),
	)
}

// repeat runs a job until ctx ends. It logs a failure once, and its recovery once. A
// panic counts as a failure: one broken job must not take the whole server down.
func (j job) repeat(ctx context.Context, log *slog.Logger) {
	every := time.NewTicker(j.interval)
	defer every.Stop()
	failing := false
	for first := true; ; first = false {
		begun := time.Now()
		if !first || j.atOnce {
			err := web.Recovered(func() error { return j.run(ctx) })
			switch {
			case ctx.Err() != nil:
				return
			case err != nil && !failing:
				log.Error("a background job failed and will be retried", "job", j.name, "error", web.Loggable(err))
			case err == nil && failing:
				log.Info("a background job succeeds again", "job", j.name)
			}
			failing = err != nil
		}
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		case <-j.soon:
			// What is asked for in the meantime is done in the same run.
			select {
			case <-ctx.Done():
				return
			case <-time.After(time.Until(begun.Add(followEvery))):
			}
		}
	}
}

// work does all background work until ctx ends. The function it returns waits for
// the end.
func (s *Server) work(ctx context.Context) (wait func() error) {
	written, stopWatching, err := s.store.Watch()
	if err != nil {
		s.log.Warn("this system does not report writes to the database, so it is read 2.5 times a second", "error", err)
	}
	var working sync.WaitGroup
	for _, j := range s.jobs(written) {
		working.Go(func() { j.repeat(ctx, s.log) })
	}
	return func() error {
		working.Wait()
		return stopWatching()
	}
}
