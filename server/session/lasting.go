package session

import (
	"context"
	"time"
)

const (
	// lastingTime bounds work that goes on without its caller. It is somewhat longer
	// than the store waits for a lock.
	lastingTime = 8 * time.Second
	// revocationTime bounds a revocation, which may take many writes.
	revocationTime = 5 * time.Minute
)

// Lasting returns a context for work that must be carried out even if the client
// hangs up: what follows from verifying a password, and every revocation. It lasts
// as long as the caller would have waited, and at least long enough for one write.
func Lasting(ctx context.Context) (context.Context, context.CancelFunc) {
	limit := time.Now().Add(lastingTime)
	if deadline, bounded := ctx.Deadline(); bounded && deadline.After(limit) {
		limit = deadline
	}
	return context.WithDeadline(context.WithoutCancel(ctx), limit)
}

// UntilRevoked is Lasting for a revocation in steps.
func UntilRevoked(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), revocationTime)
}
