package database

import (
	"context"
	"time"
)

// Retry repeats try while the database is locked.
func (o Opener) Retry(ctx context.Context, try func() error) error {
	return o.retry(ctx, time.Hour, try)
}

// Prepared returns the number of prepared statements.
func (p *Pool) Prepared() int { return len(p.prepared) }
