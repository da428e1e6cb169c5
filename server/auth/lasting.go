package auth

import (
	"context"
	"time"
)

// lastingTime bounds work that goes on without its caller: somewhat longer than
// the store waits for a lock.
const lastingTime = 8 * time.Second

// lasting returns a context for work that is carried out when the client hangs
// up, too: whatever follows from the verdict on a password, and whatever
// revokes sessions. It lasts as long as the caller would have waited, and long
// enough for one write in any case.
func lasting(ctx context.Context) (context.Context, context.CancelFunc) {
	limit := time.Now().Add(lastingTime)
	if deadline, bounded := ctx.Deadline(); bounded && deadline.After(limit) {
		limit = deadline
	}
	return context.WithDeadline(context.WithoutCancel(ctx), limit)
}
