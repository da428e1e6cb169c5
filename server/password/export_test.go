package password

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
