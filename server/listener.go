package server

import (
	"errors"
	"log/slog"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// listener accepts connections for the HTTP server. Each of them tells a slow
// client from one that takes nothing (connection), and that there are no file
// descriptors left for them is logged, which net/http says at debug level.
type listener struct {
	net.Listener
	log *slog.Logger

	mu     sync.Mutex
	out    bool      // of file descriptors
	logged time.Time // that this is so
}

// outOfFilesEvery is how often that is logged while it lasts.
const outOfFilesEvery = 10 * time.Second

// Accept waits for the next connection.
func (l *listener) Accept() (net.Conn, error) {
	accepted, err := l.Listener.Accept()
	l.note(err)
	if err != nil {
		return nil, err
	}
	return &connection{Conn: accepted}, nil
}

func (l *listener) note(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch now := time.Now(); {
	case errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE):
		if !l.out || now.Sub(l.logged) >= outOfFilesEvery {
			l.out, l.logged = true, now
			l.log.Error("no connection can be accepted, because this process or the system is out of file descriptors: raise the limit (ulimit -n, or LimitNOFILE= of the systemd unit), or see who holds so many connections open", "error", err)
		}
	case err == nil && l.out:
		l.out = false
		l.log.Info("connections are accepted again")
	}
}

// connection is a connection on which a write goes on past its deadline while
// the other side still takes something. A deadline alone cannot tell: the
// system says that there is room again only when a good part of its buffer,
// perhaps megabytes, has gone out.
type connection struct {
	net.Conn

	mu       sync.Mutex
	deadline time.Time
	patience time.Duration // from when the deadline was set
}

// look is how often a write that waits looks whether anything was taken.
const look = time.Second

// SetWriteDeadline is that of net.Conn.
func (c *connection) SetWriteDeadline(t time.Time) error {
	c.mu.Lock()
	c.deadline, c.patience = t, time.Until(t)
	c.mu.Unlock()
	return c.Conn.SetWriteDeadline(t)
}

// SetDeadline is that of net.Conn.
func (c *connection) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

// Write writes all of p. It fails with os.ErrDeadlineExceeded when the
// deadline is over, and for as long as it was given nothing was taken.
func (c *connection) Write(p []byte) (written int, err error) {
	c.mu.Lock()
	deadline, patience := c.deadline, c.patience
	c.mu.Unlock()
	if deadline.IsZero() || patience <= 0 {
		return c.Conn.Write(p)
	}
	waiting, moved := unsent(c.Conn), time.Now()
	step := min(look, patience)
	for {
		if err := c.Conn.SetWriteDeadline(time.Now().Add(step)); err != nil {
			return written, err
		}
		n, err := c.Conn.Write(p[written:])
		written += n
		if written == len(p) || !errors.Is(err, os.ErrDeadlineExceeded) {
			return written, err
		}
		now, left := time.Now(), unsent(c.Conn)
		if waiting+n > left {
			moved = now
		}
		waiting = left
		if now.After(deadline) && now.Sub(moved) >= patience {
			return written, err
		}
	}
}

// CloseWrite tells the other side that nothing more comes; net/http asks for
// it so that a client can read an answer to its end.
func (c *connection) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}
