package user

import (
	"context"
	"errors"
	"time"

	"lychgate/server/store"
)

// Heard notes accounts whose attempts have changed.
func (p *Passwords) Heard(accounts []string) {
	p.changed.Add(accounts...)
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
	changed := p.changed.TakeAll()
	for i, account := range changed {
		attempts, err := p.Users.Store.Read().AttemptsOf(ctx, account)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			p.changed.Add(changed[i:]...)
			return err
		}
		p.Limits.Restore(account, attempts.FullAt)
	}
	return nil
}

// SweepAttempts removes counts that no longer limit anybody.
func (p *Passwords) SweepAttempts(ctx context.Context, now time.Time) error {
	return p.Users.Store.Sweep(ctx, now, (*store.Queries).SweepAttempts)
}

// keepKnown is how long an address stays known to an account.
const keepKnown = 365 * 24 * time.Hour

// SweepAddresses removes addresses that nobody has signed in from for a year.
func (s Service) SweepAddresses(ctx context.Context, now time.Time) error {
	return s.Store.Sweep(ctx, now.Add(-keepKnown), (*store.Queries).SweepAddresses)
}
