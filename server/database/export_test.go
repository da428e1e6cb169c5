package database

import (
	"context"
	"time"
)

// Retry tries again while the database is locked.
func (o Opener) Retry(ctx context.Context, try func() error) error {
	return o.retry(ctx, time.Hour, try)
}

// Prepared returns how many statements are prepared.
func (p *Pool) Prepared() int { return len(p.prepared) }
