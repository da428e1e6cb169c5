package secret

import (
	"os"
	"syscall"
)

// Occupy takes a worker, until it is given back.
func (h *Hasher) Occupy() (giveBack func()) {
	h.workers <- struct{}{}
	return h.leave
}

// Waiting returns how many wait for a worker.
func (h *Hasher) Waiting() int64 { return h.waiting.Load() }

// MostWaiting is how many may.
const MostWaiting = mostWaiting

// CommonPasswords is the list of those that are refused.
func CommonPasswords() map[string]bool { return commonPasswords() }

// RefuseLinks makes the file system one that has no links, until it is undone.
func RefuseLinks() (undo func()) {
	whole := link
	link = func(string, string) error { return &os.LinkError{Op: "link", Err: syscall.EPERM} }
	return func() { link = whole }
}
