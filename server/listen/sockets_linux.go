package listen

import (
	"net"

	"golang.org/x/sys/unix"
)

// unsent returns how many bytes the system still buffers for a connection.
func unsent(c net.Conn) int {
	socket, ok := c.(*net.TCPConn)
	if !ok {
		return 0
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return 0
	}
	held := 0
	if err := raw.Control(func(fd uintptr) {
		held, err = unix.IoctlGetInt(int(fd), unix.SIOCOUTQ)
	}); err != nil || held < 0 {
		return 0
	}
	return held
}

// letNobodyNewIn shrinks a listener's backlog to one connection. The system
// silently drops further attempts; clients retry after a second, when the
// listener is gone.
func letNobodyNewIn(l net.Listener) {
	socket, ok := l.(*net.TCPListener)
	if !ok {
		return
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return // it is closed
	}
	_ = raw.Control(func(fd uintptr) { _ = unix.Listen(int(fd), 0) }) // on failure a few more connections are accepted
}
