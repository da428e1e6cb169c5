package listen

import (
	"errors"
	"net"
	"os"
	"sync"
	"time"
)

// connection is a connection of a client.
//
// It tells slow clients from stalled ones: the deadline of a write moves while the
// client still receives. A deadline alone cannot tell, because the system reports
// room only after much of its buffer, perhaps megabytes, has been sent.
//
// It saves work that net/http would do for every request: deadlines reach the
// system only when something would wait beyond them, and what Gather collects is
// one write. Each of these costs a good part of a short answer.
type connection struct {
	net.Conn
	reads  readDeadline
	writes writeDeadline
	held   *heldBytes // nil unless gathering
}

// CloseWrite closes the sending side; net/http uses it so that clients can read
// an answer to its end.
func (c *connection) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// SetDeadline implements net.Conn.
func (c *connection) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

// readDeadline is the deadline of reads. The system's own may be earlier, as it
// was set for an earlier read; a read that it ends goes on.
type readDeadline struct {
	mu      sync.Mutex
	wanted  time.Time // zero: none
	set     time.Time // the system's
	passed  bool      // the system's has ended a read
	reading bool      // a read may be waiting
}

// SetReadDeadline implements net.Conn.
func (c *connection) SetReadDeadline(t time.Time) error {
	d := &c.reads
	d.mu.Lock()
	defer d.mu.Unlock()
	d.wanted = t
	if d.reading && !d.allows(t) {
		return d.pass(c.Conn)
	}
	return nil
}

// allows reports whether the system's deadline lets no read wait beyond t.
func (d *readDeadline) allows(t time.Time) bool {
	return t.IsZero() || !d.set.IsZero() && !d.set.After(t)
}

// pass makes the deadline the system's.
func (d *readDeadline) pass(to net.Conn) error {
	d.set, d.passed = d.wanted, false
	return to.SetReadDeadline(d.wanted)
}

// Read implements net.Conn.
func (c *connection) Read(p []byte) (n int, err error) {
	for {
		if err := c.reads.begin(c.Conn); err != nil {
			return 0, err
		}
		n, err = c.Conn.Read(p)
		if c.reads.end(err) {
			return n, err
		}
	}
}

func (d *readDeadline) begin(c net.Conn) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.reading = true
	if d.passed || !d.allows(d.wanted) {
		return d.pass(c)
	}
	return nil
}

// end reports whether a read has ended: not if the system's deadline was too early.
func (d *readDeadline) end(err error) bool {
	timedOut := err != nil && errors.Is(err, os.ErrDeadlineExceeded)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.reading, d.passed = false, timedOut
	return !timedOut || !d.wanted.IsZero() && !time.Now().Before(d.wanted)
}

// writeDeadline is the deadline of writes. The system's own is at most look away,
// so that a waiting write looks whether the client receives anything.
type writeDeadline struct {
	mu       sync.Mutex
	wanted   time.Time     // zero: none
	patience time.Duration // from the first write under it; zero before
	set      time.Time     // the system's
	writing  bool          // a write may be waiting
}

// look is how often a waiting write checks whether the client received anything.
const look = time.Second

// SetWriteDeadline implements net.Conn.
func (c *connection) SetWriteDeadline(t time.Time) error {
	d := &c.writes
	d.mu.Lock()
	defer d.mu.Unlock()
	d.wanted, d.patience = t, 0
	if d.writing && !t.IsZero() && t.Before(d.set) {
		d.set = t // the write ends, or looks earlier
		return c.Conn.SetWriteDeadline(t)
	}
	return nil
}

// begin makes sure that a write waits for a look at most, if there is a deadline.
// It does so again each time that the write goes on.
func (d *writeDeadline) begin(c net.Conn, now time.Time) (deadline time.Time, patience time.Duration, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.writing = true
	var next time.Time
	if !d.wanted.IsZero() {
		if d.patience == 0 {
			d.patience = d.wanted.Sub(now)
		}
		step := min(look, d.patience)
		if next = now.Add(step); step == look && d.set.Sub(now) > look/2 {
			next = d.set
		}
	}
	if !d.set.Equal(next) {
		d.set = next
		err = c.SetWriteDeadline(next)
	}
	return d.wanted, d.patience, err
}

func (d *writeDeadline) end() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.writing = false
}

// Write writes all of p. It fails with os.ErrDeadlineExceeded when the deadline
// has passed and the client has received nothing for as long as it was away when
// the write began.
func (c *connection) Write(p []byte) (written int, err error) {
	if c.held != nil {
		return c.gather(p)
	}
	err = c.persist(func() (n int, err error) {
		n, err = c.Conn.Write(p[written:])
		written += n
		return n, err
	})
	return written, err
}

// persist repeats a write that goes on where it stopped, until it succeeds, fails,
// or the client has taken nothing for too long.
func (c *connection) persist(write func() (n int, err error)) error {
	defer c.writes.end()
	// Most writes finish at once; only others query the send buffer.
	waiting, now := -1, time.Now()
	moved := now
	for {
		deadline, patience, err := c.writes.begin(c.Conn, now)
		if err != nil {
			return err
		}
		n, err := write()
		if err == nil || deadline.IsZero() || !errors.Is(err, os.ErrDeadlineExceeded) {
			return err
		}
		left := unsent(c.Conn)
		now = time.Now()
		if waiting < 0 || waiting+n > left { // progress, or the first look
			moved = now
		}
		waiting = left
		if now.After(deadline) && now.Sub(moved) >= patience {
			return err
		}
	}
}

// mostHeld is how many bytes are held back at most: twice net/http's write buffer,
// so that headers wait for a body of any length.
const mostHeld = 8 << 10

// heldBytes are small writes that wait for more.
type heldBytes struct {
	small []byte
	both  [2][]byte // small, and a large write
	rest  net.Buffers
}

var spareHeld = sync.Pool{New: func() any { return &heldBytes{small: make([]byte, 0, mostHeld)} }}

// Gather holds back small writes until a large one, with which they are written
// together, or until Send. It is for whoever writes, between two of its writes.
func (c *connection) Gather() { c.held = spareHeld.Get().(*heldBytes) }

// Send writes what is held back, and ends gathering. It returns errors as Write
// does; then it has closed the connection, because the writer believes that all
// was sent, and more must not follow a part of it.
func (c *connection) Send() error {
	held := c.held
	c.held = nil
	var err error
	if len(held.small) > 0 {
		_, err = c.Write(held.small)
	}
	held.small = held.small[:0]
	spareHeld.Put(held)
	if err != nil {
		err = errors.Join(err, c.Close())
	}
	return err
}

func (c *connection) gather(p []byte) (written int, err error) {
	held := c.held
	if len(held.small)+len(p) <= cap(held.small) {
		held.small = append(held.small, p...)
		return len(p), nil
	}
	held.both = [2][]byte{held.small, p}
	held.rest = held.both[:]
	written = -len(held.small)
	err = c.persist(func() (int, error) {
		n, err := held.rest.WriteTo(c.Conn)
		written += int(n)
		return int(n), err
	})
	held.both, held.small = [2][]byte{}, held.small[:0]
	return max(0, written), err
}
