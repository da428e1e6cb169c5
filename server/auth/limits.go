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
// address (see AddressKey). known says that the account has signed in from it
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
	l.pairs.take(pair(account, address))
	l.addresses.take(address)
	if attempt.countedByAccount {
		l.accounts.take(account)
	}
	return attempt, nil
}

// Succeeded takes the attempt back, for only failures count, and forgives the
// pair its earlier failures.
func (a *Attempt) Succeeded() {
	a.takeBack(func() { a.limits.pairs.clear(pair(a.account, a.address)) })
}

// Cancel takes back an attempt that was never decided.
func (a *Attempt) Cancel() {
	a.takeBack(func() { a.limits.pairs.give(pair(a.account, a.address)) })
}

func (a *Attempt) takeBack(ofPair func()) {
	a.limits.mu.Lock()
	defer a.limits.mu.Unlock()
	ofPair()
	a.limits.addresses.give(a.address)
	if a.countedByAccount {
		a.limits.accounts.give(a.account)
	}
}

// Register counts a registration from an address. It returns a problem of
// kind TooMany when there were too many.
func (l *Limits) Register(address string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if wait := l.registrations.wait(address, l.now()); wait > 0 {
		return problem.RateLimited(wait)
	}
	l.registrations.take(address)
	return nil
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

// AddressKey returns the address under which a client is counted: an IPv6
// client by its /64, which one machine has for itself.
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

// buckets are token buckets of one size by key; a key that is not there has a
// full one.
type buckets struct {
	size   float64
	refill time.Duration // of one token
	byKey  map[string]*bucket
}

type bucket struct {
	tokens float64
	at     time.Time // when tokens was right
}

func newBuckets(rate Rate) *buckets {
	return &buckets{
		size:   float64(rate.Attempts),
		refill: rate.Per / time.Duration(rate.Attempts),
		byKey:  make(map[string]*bucket),
	}
}

// wait brings the bucket of a key up to date and returns how long it is until
// it holds a token: zero when it does.
func (b *buckets) wait(key string, now time.Time) time.Duration {
	at, found := b.byKey[key]
	if !found {
		at = &bucket{tokens: b.size, at: now}
		b.byKey[key] = at
	}
	if elapsed := now.Sub(at.at); elapsed > 0 {
		at.tokens = math.Min(b.size, at.tokens+float64(elapsed)/float64(b.refill))
	}
	at.at = now
	if at.tokens >= 1 {
		return 0
	}
	return time.Duration(math.Ceil((1 - at.tokens) * float64(b.refill)))
}

// take takes a token that wait has found.
func (b *buckets) take(key string) { b.byKey[key].tokens-- }

func (b *buckets) give(key string) {
	if at, found := b.byKey[key]; found {
		at.tokens = math.Min(b.size, at.tokens+1)
	}
}

func (b *buckets) clear(key string) { delete(b.byKey, key) }

func (b *buckets) sweep(now time.Time) {
	for key, at := range b.byKey {
		if b.wait(key, now); at.tokens >= b.size {
			delete(b.byKey, key)
		}
	}
}
