package password

// Occupy takes a worker until it is given back.
func (h *Hasher) Occupy() (giveBack func()) {
	h.workers <- struct{}{}
	return h.leave
}

// Waiting returns the number of calls waiting for a worker.
func (h *Hasher) Waiting() int64 { return h.waiting.Load() }

// MostWaiting is the limit of Waiting.
const MostWaiting = mostWaiting

// CommonPasswords is the list of refused passwords.
func CommonPasswords() map[string]bool { return commonPasswords() }
