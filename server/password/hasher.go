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
	// bcryptBytes is as much of a password as bcrypt looks at.
	bcryptBytes = 72
	// condensed marks the stored hash of a password that was longer than that.
	condensed = "hmac-sha256:"
	// mostWaiting is how many may wait for a worker; more would wait longer
	// than a person does, and cost memory under attack.
	mostWaiting = 64
)

// LongestWait is how long anybody waits for workers: it keeps an answer well
// within the time that a connection is given, at high costs too. Who needs more
// than one hash for an answer gives them one deadline.
const LongestWait = 20 * time.Second

// Hasher hashes and verifies passwords, a bounded number at once, each on a
// thread of its own that yields to all others: so a storm of sign-ins never
// starves people who are signed in (docs/reliability.md has the measurements).
type Hasher struct {
	cost     int
	condense func(text string) []byte
	workers  chan struct{}
	waiting  atomic.Int64
	observe  func(cost int)
}

// NewHasher returns a Hasher of a bcrypt cost (OWASP: at least 10) that works
// on a number of passwords at once. Passwords beyond bcrypt's reach are condensed under a key
// of root: losing root loses those.
func NewHasher(root secret.Root, cost, workers int) *Hasher {
	return &Hasher{
		cost: cost, condense: root.MAC("long password"), workers: make(chan struct{}, workers),
		observe: func(int) {},
	}
}

// Observe has f called before every bcrypt hash, on the thread that works it
// out, with its cost. It is for tests, which count hashes because time is
// noisy, and must be called before the first hash.
func (h *Hasher) Observe(f func(cost int)) { h.observe = f }

// Room returns a problem of kind Unavailable when so many wait that the next one
// would be refused: a caller that asks first does no work in vain.
func (h *Hasher) Room() error {
	if h.waiting.Load() >= mostWaiting {
		return problem.Busy(h.patience(), nil)
	}
	return nil
}

// Hash returns the hash to store. It returns a problem of kind Unavailable
// when too many are waiting.
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

// Verify reports whether password is the one that was stored, and whether it
// should be hashed anew because the cost is another one by now, or the stored
// hash is of a text in another Unicode form. An empty stored hash stands for an
// account that does not exist: it takes the same time. It returns a problem of
// kind Unavailable when too many are waiting.
func (h *Hasher) Verify(ctx context.Context, stored, password string) (ok, rehash bool, err error) {
	if err := h.enter(ctx); err != nil {
		return false, false, err
	}
	defer h.leave()
	onOwnThread(func() { ok, rehash = h.compare(stored, password) })
	return ok, rehash, nil
}

// compare is Verify, once it is its turn.
func (h *Hasher) compare(stored, password string) (ok, rehash bool) {
	inputs := h.inputs(password)
	// A NUL ends bcrypt's cycle over the password, so that "p" and "p\x00p"
	// have one hash; and one that was condensed is no match for one that was
	// not.
	hash, marked := strings.CutPrefix(stored, condensed)
	mayMatch := !strings.Contains(password, "\x00") && password != ""
	cost, err := bcrypt.Cost([]byte(hash))
	if err != nil { // no account, or a hash that is no bcrypt hash
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
	// A hash of a lower cost answered sooner than an unknown account does.
	// Each step doubles the work, so one dummy at every cost from the stored
	// one up to ours makes up the difference exactly.
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

// onOwnThread does work on a thread of the operating system that does nothing
// else, at a priority a little below the others: Go's scheduler would let a
// hash keep a core for 10 ms while requests wait, the system's does not.
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

// input is what bcrypt is given for a password, and the mark that the stored
// hash then carries.
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

// inputs returns what a password may have been hashed from: its composed form
// (NFC), since keyboards differ in how they write the same characters, and the
// text as it was typed, for hashes that are older than this rule or come from
// other systems. How many there are depends on what was typed alone, never on
// the account.
func (h *Hasher) inputs(password string) []input {
	composed := norm.NFC.String(password)
	if composed == password {
		return []input{h.input(password)}
	}
	return []input{h.input(composed), h.input(password)}
}

// impossible returns a hash of a cost that no password is known to match.
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

// patience is about as long as a full queue takes to empty, or to give up:
// cost 12 takes a quarter of a second, and each step of cost doubles it.
func (h *Hasher) patience() time.Duration {
	hash := time.Duration(float64(250*time.Millisecond) * float64(uint64(1)<<h.cost) / (1 << 12))
	return min(max(time.Second, hash*mostWaiting/time.Duration(cap(h.workers))), LongestWait)
}
