package secret

import (
	"os"
	"syscall"
)

// RefuseLinks makes the file system one that has no links, until it is undone.
func RefuseLinks() (undo func()) {
	whole := link
	link = func(string, string) error { return &os.LinkError{Op: "link", Err: syscall.EPERM} }
	return func() { link = whole }
}
