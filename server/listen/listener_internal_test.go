//go:build linux

package listen

import (
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
