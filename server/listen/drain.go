package listen

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"time"
)

const (
	// DrainTime is how long a stopping server gives its pending requests.
	DrainTime = 9 * time.Second
	// lastCallTime is how long it still accepts connections meanwhile, so that
	// load balancers learn from /readyz that it is stopping.
	lastCallTime = 3 * time.Second
	// hurryTime is when contexts of requests that still wait for something are
	// cancelled.
	hurryTime = 8 * time.Second
	// closingTime is how long connections already established by the system are
	// still accepted.
	closingTime = time.Second
	// silentTime is how long the last accepted connections may stay silent.
	silentTime = time.Second
)

// drain makes the server unready, answers accepted requests, and stops.
// accepting yields each listener's error when it stops accepting, and hurry
// cancels the contexts of all requests.
func (s *Server) drain(ctx context.Context, accepting <-chan error, hurry func()) {
	s.Log.Info("stopping: no longer ready, waiting for requests in flight")
	s.Draining.Store(true)
	ctx, cancel := context.WithTimeout(ctx, DrainTime)
	defer cancel()
	defer time.AfterFunc(hurryTime, hurry).Stop()
	within(ctx, lastCallTime, func() bool { return s.InFlight.Load() == 0 })

	// Shutdown would drop requests that are accepted but not yet being
	// answered: so stop accepting first, and answer those.
	for _, listener := range s.Listeners {
		listener.closeAfter(closingTime)
	}
	for range s.Listeners {
		if err := <-accepting; !errors.Is(err, net.ErrClosed) {
			s.Log.Warn("the server stopped accepting connections unexpectedly", "error", err)
		}
	}
	within(ctx, silentTime, func() bool { return s.connections.count(http.StateNew) == 0 })
	within(ctx, DrainTime, func() bool { return s.connections.count(http.StateActive) == 0 })
	if err := s.HTTP.Shutdown(ctx); err != nil {
		s.Log.Warn("some requests did not finish in time", "error", err)
		if err := s.HTTP.Close(); err != nil {
			s.Log.Warn("some connections could not be closed", "error", err)
		}
	}
}

// within waits for a condition, at most for a while or until ctx is done.
func within(ctx context.Context, while time.Duration, condition func() bool) {
	ctx, cancel := context.WithTimeout(ctx, while)
	defer cancel()
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for !condition() {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
		}
	}
}

// connections are the open connections and their states.
type connections struct {
	mu     sync.Mutex
	states map[net.Conn]http.ConnState
}

// note is an http.Server.ConnState hook.
func (c *connections) note(connection net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.states == nil {
		c.states = make(map[net.Conn]http.ConnState)
	}
	if state == http.StateClosed || state == http.StateHijacked {
		delete(c.states, connection)
		return
	}
	c.states[connection] = state
}

// count returns how many connections are in a state.
func (c *connections) count(state http.ConnState) (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, is := range c.states {
		if is == state {
			n++
		}
	}
	return n
}
