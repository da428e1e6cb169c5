package listen

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// Listener accepts connections for an HTTP server. Its connections distinguish
// slow clients from stalled ones, and it logs running out of file descriptors,
// which net/http only does at debug level.
type Listener struct {
	net.Listener
	log *slog.Logger

	mu       sync.Mutex
	out      bool      // it was logged that there are no file descriptors, and not yet that there are
	logged   time.Time // when that was last logged
	lastCall time.Time // latest time to close; zero: stays open
}

// On listens on a TCP address, host:port.
func On(ctx context.Context, address string, log *slog.Logger) (*Listener, error) {
	listening, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if errors.Is(err, fs.ErrPermission) {
		err = fmt.Errorf("%w: only root and programs with the capability CAP_NET_BIND_SERVICE can listen on ports below 1024: grant it (AmbientCapabilities= in a systemd unit, or setcap), or choose another port with --addr", err)
	}
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", address, err)
	}
	return &Listener{Listener: listening, log: log}, nil
}

// outOfFilesEvery is how often that is logged while it lasts, or comes and goes.
const outOfFilesEvery = 10 * time.Second

// lastCallQuiet is how long no connection may arrive before a closing listener
// closes.
const lastCallQuiet = 20 * time.Millisecond

// Accept waits for the next connection. While closing, it returns those the
// system has already established, and then net.ErrClosed.
func (l *Listener) Accept() (net.Conn, error) {
	l.waitNoLonger()
	accepted, err := l.Listener.Accept()
	l.note(err)
	if err != nil {
		if errors.Is(err, os.ErrDeadlineExceeded) { // set only while closing
			return nil, errors.Join(net.ErrClosed, l.Close())
		}
		return nil, err
	}
	return &connection{Conn: accepted}, nil
}

// closeAfter accepts connections already established by the system, for a
// limited time, and closes. Closing at once would reset them, with requests
// they may have sent.
func (l *Listener) closeAfter(most time.Duration) {
	letNobodyNewIn(l.Listener)
	l.mu.Lock()
	l.lastCall = time.Now().Add(most)
	l.mu.Unlock()
	l.waitNoLonger()
}

// waitNoLonger bounds the wait for a connection while closing.
func (l *Listener) waitNoLonger() {
	l.mu.Lock()
	defer l.mu.Unlock()
	bounded, ok := l.Listener.(interface{ SetDeadline(t time.Time) error })
	if !ok || l.lastCall.IsZero() {
		return
	}
	quiet := time.Now().Add(lastCallQuiet)
	if quiet.After(l.lastCall) {
		quiet = l.lastCall
	}
	if err := bounded.SetDeadline(quiet); err != nil {
		l.log.Warn("the listener cannot be given a deadline", "error", err)
	}
}

func (l *Listener) note(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch now := time.Now(); {
	case errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE):
		if now.Sub(l.logged) >= outOfFilesEvery { // also if one connection came in between
			l.out, l.logged = true, now
			l.log.Error("no connection can be accepted, because this process or the system is out of file descriptors: raise the limit (ulimit -n, or LimitNOFILE= of the systemd unit), or see who holds so many connections open", "error", err)
		}
	case err == nil && l.out:
		l.out = false
		l.log.Info("connections are accepted again")
	}
}
