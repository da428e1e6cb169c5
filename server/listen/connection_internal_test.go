//go:build linux

package listen

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"
)

// pair returns both ends of a connection; theirs has a small buffer.
func pair(t *testing.T) (ours *connection, theirs net.Conn) {
	t.Helper()
	listening, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listening.Close()
	theirs, err = net.Dial("tcp", listening.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { theirs.Close() })
	if err := theirs.(*net.TCPConn).SetReadBuffer(32 << 10); err != nil {
		t.Fatal(err)
	}
	accepted, err := listening.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { accepted.Close() })
	return &connection{Conn: accepted}, theirs
}

// A slow reader, while megabytes wait in the system's buffers, which report no
// room for longer than the deadline.
func TestAWriteGoesOnWhileSomethingIsTaken(t *testing.T) {
	t.Parallel()
	const size, patience = 8 << 20, 200 * time.Millisecond
	ours, theirs := pair(t)
	taken := make(chan int64, 1)
	go func() {
		var total int64
		defer func() { taken <- total }()
		for buffer := make([]byte, 16<<10); ; time.Sleep(2 * time.Millisecond) {
			n, err := theirs.Read(buffer)
			total += int64(n)
			if err != nil {
				return
			}
		}
	}()
	if err := ours.SetWriteDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	written, err := ours.Write(make([]byte, size))
	if err != nil || written != size {
		t.Errorf("%d of %d bytes after %v: %v", written, size, time.Since(begun), err)
	}
	if took := time.Since(begun); took < patience {
		t.Errorf("it took only %v: this shows nothing", took)
	}
	if err := ours.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if got := <-taken; got != size {
		t.Errorf("%d bytes arrived, want %d", got, size)
	}
}

func TestAWriteEndsWhenNothingIsTaken(t *testing.T) {
	t.Parallel()
	const size, patience = 32 << 20, 200 * time.Millisecond
	ours, theirs := pair(t)
	if err := ours.SetWriteDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	written, err := ours.Write(make([]byte, size))
	if !errors.Is(err, os.ErrDeadlineExceeded) || written >= size || time.Since(begun) < patience {
		t.Errorf("%d bytes after %v: %v", written, time.Since(begun), err)
	}
	// Without a deadline it waits like any connection.
	if err := ours.SetDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	go io.Copy(io.Discard, theirs) // it ends with the connection
	if _, err := ours.Write(make([]byte, 1<<20)); err != nil {
		t.Error(err)
	}
}

// until waits until something holds of the read deadline.
func (c *connection) until(t *testing.T, holds func(*readDeadline) bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(time.Millisecond) {
		c.reads.mu.Lock()
		held := holds(&c.reads)
		c.reads.mu.Unlock()
		if held {
			return
		}
	}
	t.Fatal("a minute was not enough")
}

func TestReadDeadlines(t *testing.T) {
	t.Parallel()
	ours, theirs := pair(t)
	say := func() {
		t.Helper()
		if _, err := theirs.Write([]byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	set := func(at time.Time) {
		t.Helper()
		if err := ours.SetReadDeadline(at); err != nil {
			t.Fatal(err)
		}
	}
	var done chan error
	read := func() {
		done = make(chan error, 1)
		go func(done chan<- error) {
			_, err := ours.Read(make([]byte, 1))
			done <- err
		}(done)
	}
	wants := func(want error) {
		t.Helper()
		if err := <-done; !errors.Is(err, want) {
			t.Errorf("error %v, want %v", err, want)
		}
	}
	isReading := func(d *readDeadline) bool { return d.reading }

	// One that is set while a read waits counts for it, and none ends the read that
	// follows.
	set(time.Now().Add(time.Hour))
	read()
	ours.until(t, isReading)
	set(time.Unix(1, 0))
	wants(os.ErrDeadlineExceeded)
	set(time.Time{})
	read()
	ours.until(t, isReading)
	say()
	wants(nil)

	// One that was moved while nobody read counts as it was moved.
	for _, later := range []time.Time{{}, time.Now().Add(time.Hour)} {
		set(time.Now().Add(10 * time.Millisecond))
		say()
		read()
		wants(nil) // with the deadline in 10 ms
		set(later)
		read()
		ours.until(t, func(d *readDeadline) bool { return d.reading && d.set.Equal(later) })
		say()
		wants(nil)
	}
	set(time.Now().Add(10 * time.Millisecond))
	read()
	wants(os.ErrDeadlineExceeded)
	// It stays passed until it is moved.
	read()
	wants(os.ErrDeadlineExceeded)
}

// A deadline that has passed ends a write that waits, as net/http expects.
func TestAWriteIsInterrupted(t *testing.T) {
	t.Parallel()
	ours, _ := pair(t)
	if err := ours.SetWriteDeadline(time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		_, err := ours.Write(make([]byte, 32<<20))
		done <- err
	}()
	for unsent(ours.Conn) == 0 {
		time.Sleep(time.Millisecond)
	}
	if err := ours.SetWriteDeadline(time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	if err := <-done; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("error %v", err)
	}
}

func TestGather(t *testing.T) {
	t.Parallel()
	for _, sizes := range [][]int{
		{}, {1}, {10, 20}, {4096}, {4096, 4096}, {4096, 4097}, {4096, 100_000}, {100_000}, {10, 100_000, 10}, {8192, 1}, {8193}, {4096, 3 << 20, 7},
	} {
		ours, theirs := pair(t)
		if err := ours.SetWriteDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		arrived := make(chan []byte, 1)
		go func() {
			all, _ := io.ReadAll(theirs)
			arrived <- all
		}()
		var want []byte
		ours.Gather()
		for i, size := range sizes {
			p := bytes.Repeat([]byte{byte('a' + i)}, size)
			if n, err := ours.Write(p); n != size || err != nil {
				t.Errorf("%v: %d bytes of %d, %v", sizes, n, size, err)
			}
			want = append(want, p...)
			clear(p) // it is net/http's buffer, which is used again
		}
		if err := ours.Send(); err != nil {
			t.Errorf("%v: %v", sizes, err)
		}
		if err := ours.CloseWrite(); err != nil {
			t.Fatal(err)
		}
		if got := <-arrived; !bytes.Equal(got, want) {
			t.Errorf("%v: %d bytes arrived, or others than were written", sizes, len(got))
		}
	}
}

// What net/http believes to be sent, and was not, must not be followed by anything.
func TestAConnectionIsClosedWhenGatheredBytesAreLost(t *testing.T) {
	t.Parallel()
	ours, _ := pair(t)
	ours.Gather()
	if _, err := ours.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if err := ours.SetWriteDeadline(time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	if err := ours.Send(); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("error %v", err)
	}
	if _, err := ours.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("error %v, want that of a closed connection", err)
	}
}
