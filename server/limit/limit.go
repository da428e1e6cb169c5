package limit

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"math"
	"net/netip"
	"sync"
	"time"

	"lychgate/server/problem"
)

// Rate is a number of attempts per unit of time.
type Rate struct {
	Attempts int
	Per      time.Duration
}

// wide is how many times the attempts of a pair of address and account are
// allowed per address, and per account.
const wide = 5

// mostUndecided is how many sign-ins may wait for others to be decided.
const mostUndecided = 64

// Limits count failed sign-ins and registrations, before any password is
// hashed. A pending sign-in reserves a token, so that concurrent guesses do not
// pass together; only a failure consumes it.
type Limits struct {
	now func() time.Time

	mu            sync.Mutex
	last          time.Time     // last result of now
	lost          time.Duration // total steps back of now; see time
	pairs         *buckets
	addresses     *buckets
	accounts      *buckets
	registrations *buckets
	waiting       int
	decided       chan struct{} // closed and replaced at every decision
}

// New returns limits on failed sign-ins per pair of account and address (five
// times as many per address and per account), and on registrations per address.
func New(login, register Rate, now func() time.Time) *Limits {
	five := Rate{Attempts: wide * login.Attempts, Per: login.Per}
	return &Limits{
		now: now, pairs: newBuckets(login), addresses: newBuckets(five),
		accounts: newBuckets(five), registrations: newBuckets(register),
		decided: make(chan struct{}),
	}
}

// Attempt is a sign-in that reserves a token in each limit until Failed,
// Succeeded or Cancel is called; only the first call counts.
type Attempt struct {
	limits  *Limits
	held    []hold
	settled bool
}

// hold is a token reserved in the bucket of a key.
type hold struct {
	in  *buckets
	key string
}

// time returns the time by a clock that never goes back, because tokens would
// return too late. If now has a monotonic reading, steps of the wall clock do
// not affect it at all.
func (l *Limits) time() time.Time {
	now := l.now()
	if now.Before(l.last) {
		l.lost += l.last.Sub(now)
	}
	l.last = now
	return now.Add(l.lost)
}

// SignIn starts an attempt for an account (see AccountKey) from an address (see
// AddressKey). known means that the account has signed in from there before;
// others' guesses then do not lock it out. If only undecided attempts stand in
// the way, it waits for them. It returns a problem of kind TooMany when a limit
// refuses, and then nothing is counted, or of kind Unavailable when too many
// wait.
func (l *Limits) SignIn(ctx context.Context, account, address string, known bool) (*Attempt, error) {
	for {
		attempt, decided, err := l.try(account, address, known)
		if attempt != nil || err != nil {
			return attempt, err
		}
		select {
		case <-decided:
		case <-ctx.Done():
			err = problem.Busy(time.Second, ctx.Err())
		}
		l.mu.Lock()
		l.waiting--
		l.mu.Unlock()
		if err != nil {
			return nil, err
		}
	}
}

// try starts an attempt, refuses it, or returns what to wait for.
func (l *Limits) try(account, address string, known bool) (*Attempt, <-chan struct{}, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.time()
	places := []hold{{l.pairs, account + " " + address}, {l.addresses, address}}
	ofAccount := hold{l.accounts, account}
	if !known || l.accounts.hasPlace(account, now) {
		places = append(places, ofAccount)
	}
	var wait time.Duration
	free := true
	for _, place := range places {
		wait = max(wait, place.in.wait(place.key, now))
		free = free && place.in.hasPlace(place.key, now)
	}
	switch {
	case wait > 0:
		return nil, nil, problem.RateLimited(wait)
	case !free && l.waiting >= mostUndecided:
		return nil, nil, problem.Busy(time.Second, nil)
	case !free:
		l.waiting++
		return nil, l.decided, nil
	}
	for _, place := range places {
		place.in.hold(place.key, now)
	}
	return &Attempt{limits: l, held: places}, nil, nil
}

// Failed consumes the reserved tokens.
func (a *Attempt) Failed() {
	a.settle(func(place hold, now time.Time) { place.in.take(place.key, now) })
}

// Succeeded returns the reserved tokens, because only failures count, and
// refills the pair's bucket.
func (a *Attempt) Succeeded() {
	a.settle(func(place hold, _ time.Time) {
		if place.in == a.limits.pairs {
			place.in.forgive(place.key)
		}
	})
}

// Cancel returns the reserved tokens of an undecided attempt.
func (a *Attempt) Cancel() { a.settle(func(hold, time.Time) {}) }

// settle releases the reservations and applies the decision before any waiting
// attempt can proceed.
func (a *Attempt) settle(decide func(place hold, now time.Time)) {
	l := a.limits
	l.mu.Lock()
	defer l.mu.Unlock()
	if a.settled {
		return
	}
	a.settled = true
	now := l.time()
	for _, place := range a.held {
		place.in.release(place.key, now)
		decide(place, now)
	}
	close(l.decided)
	l.decided = make(chan struct{})
}

// AccountFullAt returns when an account will have all its attempts back.
func (l *Limits) AccountFullAt(account string) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	missing := l.accounts.size - l.accounts.current(account, l.time()).tokens
	return l.now().Add(time.Duration(missing * float64(l.accounts.refill)))
}

// Restore applies what another process counted for an account, given as the
// time when all of its attempts will be back.
func (l *Limits) Restore(account string, fullAt time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	missing := float64(max(0, fullAt.Sub(l.now()))) / float64(l.accounts.refill)
	at := l.accounts.current(account, l.time())
	at.tokens = min(at.tokens, max(0, l.accounts.size-missing))
	l.accounts.store(account, at)
}

// Register counts a registration from an address. It returns a problem of
// kind TooMany when there were too many.
func (l *Limits) Register(address string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.time()
	if wait := l.registrations.wait(address, now); wait > 0 {
		return problem.RateLimited(wait)
	}
	l.registrations.take(address, now)
	return nil
}

// CancelRegistration returns the token of an undecided registration.
func (l *Limits) CancelRegistration(address string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.registrations.giveBack(address, l.time())
}

// Sweep deletes full buckets.
func (l *Limits) Sweep() {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.time()
	for _, buckets := range []*buckets{l.pairs, l.addresses, l.accounts, l.registrations} {
		buckets.sweep(now)
	}
}

// AccountKey returns the key an account is counted under, whether it exists or
// not, from its canonical e-mail. The key is stored, so it is a hash: a sign-in
// attempt must not bring back the address of a deleted account.
func AccountKey(email string) string {
	sum := sha256.Sum256([]byte(email))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// AddressKey returns the key a client is counted under: an IPv6 client by its
// /64, which a single machine may own.
func AddressKey(ip string) string {
	address, err := netip.ParseAddr(ip)
	if err != nil {
		return ip
	}
	address = address.Unmap().WithZone("")
	if address.Is4() {
		return address.String()
	}
	return netip.PrefixFrom(address, 64).Masked().String()
}

// buckets are token buckets of one size, by key; a missing key has a full one.
type buckets struct {
	size   float64
	refill time.Duration // of one token
	byKey  map[string]bucket
}

type bucket struct {
	tokens float64
	at     time.Time // when tokens was computed
	held   int       // reserved by undecided attempts
}

func newBuckets(rate Rate) *buckets {
	return &buckets{
		size:   float64(rate.Attempts),
		refill: rate.Per / time.Duration(rate.Attempts),
		byKey:  make(map[string]bucket),
	}
}

// current returns the bucket of a key as of now. It stores nothing, so that
// refused attempts cost no memory.
func (b *buckets) current(key string, now time.Time) bucket {
	at, found := b.byKey[key]
	if !found {
		return bucket{tokens: b.size, at: now}
	}
	elapsed := max(0, now.Sub(at.at))
	return bucket{tokens: math.Min(b.size, at.tokens+float64(elapsed)/float64(b.refill)), at: now, held: at.held}
}

// store keeps a bucket, unless it is full and nothing is reserved.
func (b *buckets) store(key string, at bucket) {
	if at.tokens >= b.size && at.held == 0 {
		delete(b.byKey, key)
	} else {
		b.byKey[key] = at
	}
}

// wait returns the time until the bucket of a key holds a token, reserved or
// not; zero if it does now.
func (b *buckets) wait(key string, now time.Time) time.Duration {
	missing := 1 - b.current(key, now).tokens
	if missing <= 0 {
		return 0
	}
	return time.Duration(math.Ceil(missing * float64(b.refill)))
}

// hasPlace reports whether there is an unreserved token.
func (b *buckets) hasPlace(key string, now time.Time) bool {
	at := b.current(key, now)
	return at.tokens-float64(at.held) >= 1
}

func (b *buckets) hold(key string, now time.Time) {
	at := b.current(key, now)
	at.held++
	b.store(key, at)
}

func (b *buckets) release(key string, now time.Time) {
	at := b.current(key, now)
	at.held--
	b.store(key, at)
}

func (b *buckets) take(key string, now time.Time) {
	at := b.current(key, now)
	at.tokens--
	b.store(key, at)
}

func (b *buckets) giveBack(key string, now time.Time) {
	at := b.current(key, now)
	at.tokens = math.Min(b.size, at.tokens+1)
	b.store(key, at)
}

// forgive refills a bucket.
func (b *buckets) forgive(key string) {
	if at, found := b.byKey[key]; found {
		at.tokens = b.size
		b.store(key, at)
	}
}

func (b *buckets) sweep(now time.Time) {
	for key := range b.byKey {
		b.store(key, b.current(key, now))
	}
}
