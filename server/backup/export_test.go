package backup

import (
	"os"
	"syscall"
)

// After calls step after each step of Replace.
func (r *Restoring) After(step func(string)) { r.step = step }

// RefuseLinks simulates a file system without links, until undone.
func RefuseLinks() (undo func()) {
	whole := link
	link = func(string, string) error { return &os.LinkError{Op: "link", Err: syscall.EPERM} }
	return func() { link = whole }
}
