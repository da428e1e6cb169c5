package password

import (
	"context"
	"encoding/base64"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/bcrypt"
	"golang.org/x/text/unicode/norm"

	"lychgate/server/problem"
	"lychgate/server/secret"
)

const (
	// bcryptBytes is how much of a password bcrypt uses.
	bcryptBytes = 72
	// condensed marks the stored hash of a longer password.
	condensed = "hmac-sha256:"
	// mostWaiting is how many may wait for a worker. More would wait longer
	// than people do, and cost memory under attack.
	mostWaiting = 64
)

// LongestWait bounds the wait for workers, so that an answer stays well within
// the connection's time limit even at high costs. Callers that need several
// hashes for one answer give them one deadline.
const LongestWait = 20 * time.Second

// Hasher hashes and verifies passwords, a bounded number at a time, each on its
// own low-priority thread, so that a storm of sign-ins does not starve
// signed-in people (measured in docs/reliability.md).
type Hasher struct {
	cost     int
	condense func(text string) []byte
	workers  chan struct{}
	waiting  atomic.Int64
	observe  func(cost int)
}

// NewHasher returns a Hasher with a bcrypt cost (OWASP: at least 10) and a
// number of workers. Passwords longer than bcrypt's limit are condensed under a
// key of root; without root they cannot be verified any more.
func NewHasher(root secret.Root, cost, workers int) *Hasher {
	return &Hasher{
		cost: cost, condense: root.MAC("long password"), workers: make(chan struct{}, workers),
		observe: func(int) {},
	}
}

// Observe calls f before every bcrypt hash, on its thread, with its cost. It is
// for tests, which count hashes because time is noisy. Call it before the first
// hash.
func (h *Hasher) Observe(f func(cost int)) { h.observe = f }

// Room returns a problem of kind Unavailable if the next hash would be refused
// because too many wait. Asking first saves a caller useless work.
func (h *Hasher) Room() error {
	if h.waiting.Load() >= mostWaiting {
		return problem.Busy(h.patience(), nil)
	}
	return nil
}

// Hash returns the hash to store, or a problem of kind Unavailable when too
// many wait.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	if err := h.enter(ctx); err != nil {
		return "", err
	}
	defer h.leave()
	input := h.input(norm.NFC.String(password))
	var hash []byte
	var err error
	onOwnThread(func() {
		h.observe(h.cost)
		hash, err = bcrypt.GenerateFromPassword(input.text, h.cost)
	})
	if err != nil {
		return "", fmt.Errorf("hash a password: %w", err)
	}
	return input.mark + string(hash), nil
}

// Verify reports whether password matches the stored hash, and whether it
// should be rehashed because the cost has changed or the hash is of another
// Unicode form. An empty stored hash stands for an unknown account and takes
// the same time. It returns a problem of kind Unavailable when too many wait.
func (h *Hasher) Verify(ctx context.Context, stored, password string) (ok, rehash bool, err error) {
	if err := h.enter(ctx); err != nil {
		return false, false, err
	}
	defer h.leave()
	onOwnThread(func() { ok, rehash = h.compare(stored, password) })
	return ok, rehash, nil
}

// compare is Verify on a worker.
func (h *Hasher) compare(stored, password string) (ok, rehash bool) {
	inputs := h.inputs(password)
	// bcrypt stops at NUL while cycling over the password, so that "p" and
	// "p\x00p" have the same hash. Condensed and plain hashes never match each
	// other.
	hash, marked := strings.CutPrefix(stored, condensed)
	mayMatch := !strings.Contains(password, "\x00") && password != ""
	cost, err := bcrypt.Cost([]byte(hash))
	if err != nil { // unknown account, or not a bcrypt hash
		mayMatch, cost = false, h.cost
	}
	for i, input := range inputs {
		possible := mayMatch && marked == (input.mark != "")
		against := hash
		if !possible {
			against = impossible(cost)
		}
		if h.matches(against, cost, input) && possible {
			return true, cost != h.cost || i > 0
		}
	}
	// A hash of lower cost takes less time than an unknown account. Each step
	// doubles the work, so one dummy hash at every cost from the stored one up
	// to ours makes up exactly for the difference.
	for ; cost < h.cost; cost++ {
		for _, input := range inputs {
			h.matches(impossible(cost), cost, input)
		}
	}
	return false, false
}

func (h *Hasher) matches(hash string, cost int, password input) bool {
	h.observe(cost)
	return bcrypt.CompareHashAndPassword([]byte(hash), password.text) == nil
}

// onOwnThread runs work on its own thread with lowered priority. Go's scheduler
// would let a hash keep a core for 10 ms while requests wait; the operating
// system's does not.
func onOwnThread(work func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // for good: the thread ends with this goroutine, and its priority with it
		yieldToOthers()
		work()
	}()
	<-done
}

// input is a text to hash with bcrypt, and the mark its stored hash carries.
type input struct {
	text []byte
	mark string
}

func (h *Hasher) input(text string) input {
	if len(text) <= bcryptBytes {
		return input{text: []byte(text)}
	}
	return input{text: []byte(base64.StdEncoding.EncodeToString(h.condense(text))), mark: condensed}
}

// inputs returns the texts a password may have been hashed from: its composed
// form (NFC), because keyboards encode the same characters differently, and the
// text as typed, for older hashes and those of other systems. Their number
// depends only on what was typed, never on the account.
func (h *Hasher) inputs(password string) []input {
	composed := norm.NFC.String(password)
	if composed == password {
		return []input{h.input(password)}
	}
	return []input{h.input(composed), h.input(password)}
}

// impossible returns a hash of a cost that no known password matches.
func impossible(cost int) string {
	const saltAndDigest = 22 + 31 // base64 characters; dots are zeros
	return fmt.Sprintf("$2a$%02d$%s", cost, strings.Repeat(".", saltAndDigest))
}

func (h *Hasher) enter(ctx context.Context) error {
	select {
	case h.workers <- struct{}{}:
		return nil
	default:
	}
	if h.waiting.Add(1) > mostWaiting {
		h.waiting.Add(-1)
		return problem.Busy(h.patience(), nil)
	}
	defer h.waiting.Add(-1)
	ctx, cancel := context.WithTimeout(ctx, LongestWait)
	defer cancel()
	select {
	case h.workers <- struct{}{}:
		return nil
	case <-ctx.Done():
		return problem.Busy(h.patience(), ctx.Err())
	}
}

func (h *Hasher) leave() { <-h.workers }

// patience is roughly how long a full queue takes to empty or give up: cost 12
// takes a quarter of a second, and each step doubles it.
func (h *Hasher) patience() time.Duration {
	hash := time.Duration(float64(250*time.Millisecond) * float64(uint64(1)<<h.cost) / (1 << 12))
	return min(max(time.Second, hash*mostWaiting/time.Duration(cap(h.workers))), LongestWait)
}

// Same reports whether two texts are the same password: a different Unicode form
// makes no other one.
func Same(a, b string) bool { return norm.NFC.String(a) == norm.NFC.String(b) }
