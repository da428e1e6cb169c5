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
	// DrainTime is how long a server that was told to stop gives the requests
	// that it is answering.
	DrainTime = 9 * time.Second
	// lastCallTime is how much of that it still accepts connections for, so
	// that a load balancer learns from /readyz that it is going.
	lastCallTime = 3 * time.Second
	// hurryTime is when, in that, requests that still wait for something are
	// told that they wait in vain.
	hurryTime = 8 * time.Second
	// closingTime is how long whoever the system has connected by then is let in.
	closingTime = time.Second
	// silentTime is how long a connection that was accepted last may take to
	// say something.
	silentTime = time.Second
)

// drain stops being ready, lets whoever was accepted be answered, and stops.
// accepting yields for each listener why it accepts nobody any more, and hurry
// ends the contexts of all requests.
func (s *Server) drain(ctx context.Context, accepting <-chan error, hurry func()) {
	s.Log.Info("stopping: no longer ready, requests in flight finish")
	s.Draining.Store(true)
	ctx, cancel := context.WithTimeout(ctx, DrainTime)
	defer cancel()
	defer time.AfterFunc(hurryTime, hurry).Stop()
	within(ctx, lastCallTime, func() bool { return s.InFlight.Load() == 0 })

	// Shutdown would drop requests that it has accepted and not yet begun to
	// answer: so first nobody new comes in, and those are answered.
	for _, listener := range s.Listeners {
		listener.closeAfter(closingTime)
	}
	for range s.Listeners {
		if err := <-accepting; !errors.Is(err, net.ErrClosed) {
			s.Log.Warn("the server stopped accepting for another reason", "error", err)
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

// within waits for a condition, for a while at most, or until ctx ends.
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

// connections are the open ones, and what each is doing.
type connections struct {
	mu     sync.Mutex
	states map[net.Conn]http.ConnState
}

// note is a ConnState hook.
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
