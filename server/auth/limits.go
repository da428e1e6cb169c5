package auth

import (
	"math"
	"net/netip"
	"sync"
	"time"

	"lychgate/server/problem"
)

// Rate is so many attempts per unit of time.
type Rate struct {
	Attempts int
	Per      time.Duration
}

// wide is how many times the attempts of one pair an address and an account
// have.
const wide = 5

// Limits count failed sign-ins and registrations, before any password is
// hashed, so that guesses made at once do not slip through together.
type Limits struct {
	mu            sync.Mutex
	now           func() time.Time
	pairs         *buckets
	addresses     *buckets
	accounts      *buckets
	registrations *buckets
}

// NewLimits returns limits on failed sign-ins per pair of account and address
// (five times as many per address, and per account), and on registrations per
// address.
func NewLimits(login, register Rate, now func() time.Time) *Limits {
	five := Rate{Attempts: wide * login.Attempts, Per: login.Per}
	return &Limits{
		now: now, pairs: newBuckets(login), addresses: newBuckets(five),
		accounts: newBuckets(five), registrations: newBuckets(register),
	}
}

// Attempt is a sign-in that has been counted and not yet decided.
type Attempt struct {
	limits           *Limits
	account, address string
	countedByAccount bool
}

// SignIn counts an attempt of an account, by its canonical e-mail, from an
// address (see addressKey). known says that the account has signed in from it
// before: then others' guesses do not keep it out. It returns a problem of kind
// TooMany when one of the limits refuses, and then none has counted.
func (l *Limits) SignIn(account, address string, known bool) (*Attempt, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	byAccount := l.accounts.wait(account, now)
	wait := max(l.pairs.wait(pair(account, address), now), l.addresses.wait(address, now))
	if !known {
		wait = max(wait, byAccount)
	}
	if wait > 0 {
		return nil, problem.RateLimited(wait)
	}
	attempt := &Attempt{limits: l, account: account, address: address, countedByAccount: byAccount == 0}
	l.pairs.take(pair(account, address), now)
	l.addresses.take(address, now)
	if attempt.countedByAccount {
		l.accounts.take(account, now)
	}
	return attempt, nil
}

// Succeeded takes the attempt back, for only failures count, and forgives the
// pair its earlier failures.
func (a *Attempt) Succeeded() {
	a.takeBack(func(string, time.Time) { a.limits.pairs.clear(pair(a.account, a.address)) })
}

// Cancel takes back an attempt that was never decided.
func (a *Attempt) Cancel() {
	a.takeBack(a.limits.pairs.give)
}

func (a *Attempt) takeBack(ofPair func(key string, now time.Time)) {
	a.limits.mu.Lock()
	defer a.limits.mu.Unlock()
	now := a.limits.now()
	ofPair(pair(a.account, a.address), now)
	a.limits.addresses.give(a.address, now)
	if a.countedByAccount {
		a.limits.accounts.give(a.account, now)
	}
}

// Register counts a registration from an address. It returns a problem of
// kind TooMany when there were too many.
func (l *Limits) Register(address string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	if wait := l.registrations.wait(address, now); wait > 0 {
		return problem.RateLimited(wait)
	}
	l.registrations.take(address, now)
	return nil
}

// CancelRegistration takes back a registration that was never decided.
func (l *Limits) CancelRegistration(address string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.registrations.give(address, l.now())
}

// Sweep forgets buckets that are full again.
func (l *Limits) Sweep() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, buckets := range []*buckets{l.pairs, l.addresses, l.accounts, l.registrations} {
		buckets.sweep(l.now())
	}
}

func pair(account, address string) string { return account + " " + address }

// addressKey returns the address under which a client is counted: an IPv6
// client by its /64, which one machine has for itself.
func addressKey(ip string) string {
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

// buckets are token buckets of one size by key; a key that is not there has a
// full one.
type buckets struct {
	size   float64
	refill time.Duration // of one token
	byKey  map[string]bucket
}

type bucket struct {
	tokens float64
	at     time.Time // when tokens was right
}

func newBuckets(rate Rate) *buckets {
	return &buckets{
		size:   float64(rate.Attempts),
		refill: rate.Per / time.Duration(rate.Attempts),
		byKey:  make(map[string]bucket),
	}
}

// tokens returns what the bucket of a key holds. Asking stores nothing, so that
// attempts that are refused cost no memory.
func (b *buckets) tokens(key string, now time.Time) float64 {
	at, found := b.byKey[key]
	if !found {
		return b.size
	}
	elapsed := max(0, now.Sub(at.at))
	return math.Min(b.size, at.tokens+float64(elapsed)/float64(b.refill))
}

// wait returns how long it is until the bucket of a key holds a token: zero
// when it does.
func (b *buckets) wait(key string, now time.Time) time.Duration {
	missing := 1 - b.tokens(key, now)
	if missing <= 0 {
		return 0
	}
	return time.Duration(math.Ceil(missing * float64(b.refill)))
}

// take takes a token that wait has found.
func (b *buckets) take(key string, now time.Time) {
	b.byKey[key] = bucket{tokens: b.tokens(key, now) - 1, at: now}
}

// give puts a token back; a bucket that is full again needs no place.
func (b *buckets) give(key string, now time.Time) {
	if tokens := b.tokens(key, now) + 1; tokens < b.size {
		b.byKey[key] = bucket{tokens: tokens, at: now}
	} else {
		b.clear(key)
	}
}

func (b *buckets) clear(key string) { delete(b.byKey, key) }

func (b *buckets) sweep(now time.Time) {
	for key := range b.byKey {
		if b.tokens(key, now) >= b.size {
			delete(b.byKey, key)
		}
	}
}
