package secret

import (
	"os"
	"syscall"
)

// RefuseLinks simulates a file system without links, until undone.
func RefuseLinks() (undo func()) {
	whole := link
	link = func(string, string) error { return &os.LinkError{Op: "link", Err: syscall.EPERM} }
	return func() { link = whole }
}
