package server

import (
	"net"

	"golang.org/x/sys/unix"
)

// unsent returns how many bytes the system still holds for a connection,
// because the other side has not taken them.
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
