package backup

import (
	"os"
	"syscall"
)

// After makes step run after each step of Replace.
func (r *Restoring) After(step func(string)) { r.step = step }

// RefuseLinks makes the file system one that has no links, until it is undone.
func RefuseLinks() (undo func()) {
	whole := link
	link = func(string, string) error { return &os.LinkError{Op: "link", Err: syscall.EPERM} }
	return func() { link = whole }
}
