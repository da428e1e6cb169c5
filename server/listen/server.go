package listen

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
)

// Server serves on its listeners until told to stop.
type Server struct {
	HTTP        *http.Server
	Listeners   []*Listener
	Certificate *Certificate // nil: plain HTTP
	Log         *slog.Logger

	InFlight atomic.Int64 // pending requests
	Draining atomic.Bool  // refusing new connections soon

	connections connections
}

// Scheme returns http or https.
func (s *Server) Scheme() string {
	if s.Certificate != nil {
		return "https"
	}
	return "http"
}

// Run serves requests until ctx is done, then finishes pending ones within
// DrainTime. background is the base context of requests.
func (s *Server) Run(ctx, background context.Context) error {
	requests, hurry := context.WithCancel(background)
	defer hurry()
	s.HTTP.BaseContext = func(net.Listener) context.Context { return requests }
	s.HTTP.ConnState = s.connections.note
	if s.Certificate != nil {
		s.HTTP.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: s.Certificate.get}
	}
	accepting := make(chan error, len(s.Listeners))
	for _, listener := range s.Listeners {
		go func() {
			if s.Certificate != nil {
				accepting <- s.HTTP.ServeTLS(listener, "", "")
			} else {
				accepting <- s.HTTP.Serve(listener)
			}
		}()
	}
	select {
	case err := <-accepting:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
		s.drain(context.WithoutCancel(ctx), accepting, hurry)
		return nil
	}
}

// Close closes the listeners if Run has not done so.
func (s *Server) Close() error {
	var errs []error
	for _, listener := range s.Listeners {
		if err := listener.Close(); !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
