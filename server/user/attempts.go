package user

import (
	"context"
	"errors"
	"sync"
	"time"

	"lychgate/server/store"
)

// changedAttempts are accounts whose counts of failed sign-ins have changed in the
// store and are still to be read. The zero value is empty.
type changedAttempts struct {
	mu       sync.Mutex
	accounts map[string]bool
}

// Heard notes accounts whose attempts have changed.
func (p *Passwords) Heard(accounts []string) {
	p.changed.mu.Lock()
	defer p.changed.mu.Unlock()
	if p.changed.accounts == nil {
		p.changed.accounts = make(map[string]bool)
	}
	for _, account := range accounts {
		p.changed.accounts[account] = true
	}
}

// RestoreLimits takes over the failed sign-ins that other processes, or the one
// before, have counted per account.
func (p *Passwords) RestoreLimits(ctx context.Context) error {
	attempts, err := p.Users.Store.Read().AttemptsAt(ctx, p.Users.Now())
	for _, a := range attempts {
		p.Limits.Restore(a.Account, a.FullAt)
	}
	return err
}

// FollowLimits is RestoreLimits for the accounts that have changed since.
func (p *Passwords) FollowLimits(ctx context.Context) error {
	p.changed.mu.Lock()
	changed := p.changed.accounts
	p.changed.accounts = nil
	p.changed.mu.Unlock()
	for account := range changed {
		attempts, err := p.Users.Store.Read().AttemptsOf(ctx, account)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			for account := range changed {
				p.Heard([]string{account})
			}
			return err
		}
		p.Limits.Restore(account, attempts.FullAt)
	}
	return nil
}

// SweepAttempts removes counts that no longer limit anybody.
func (p *Passwords) SweepAttempts(ctx context.Context, now time.Time) error {
	return p.Users.Store.Sweep(ctx, store.Sweep{Remove: (*store.Queries).SweepAttempts, Before: now})
}

// keepKnown is how long an address stays known to an account.
const keepKnown = 365 * 24 * time.Hour

// SweepAddresses removes addresses that nobody has signed in from for a year.
func (s Service) SweepAddresses(ctx context.Context, now time.Time) error {
	return s.Store.Sweep(ctx, store.Sweep{Remove: (*store.Queries).SweepAddresses, Before: now.Add(-keepKnown)})
}
