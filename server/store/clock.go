package store

import (
	"context"
	"time"
)

// SetTimesBack makes the sessions that have not ended, and the time when
// attempts of accounts come back, earlier by so much: what was told by a clock
// that has been set back since.
func (q *Queries) SetTimesBack(ctx context.Context, by time.Duration) error {
	ms := by.Milliseconds()
	if _, err := q.exec(ctx, "set sessions back",
		`UPDATE sessions SET created_at = created_at - $1, rotated_at = rotated_at - $2, last_seen_at = last_seen_at - $3,
		   proved_at = proved_at - $4 WHERE ended_at IS NULL`, ms, ms, ms, ms); err != nil {
		return err
	}
	_, err := q.exec(ctx, "set the attempts of accounts back", `UPDATE account_attempts SET full_at = full_at - $1`, ms)
	return err
}

// LatestTime returns the latest time that stands with a signing key or a
// session that has not ended: of all that lives, none can have been stored
// before it.
func (q *Queries) LatestTime(ctx context.Context) (time.Time, error) {
	// A rotation is a use too, so that no session was rotated after it was seen.
	return q.latest(ctx,
		`SELECT COALESCE(MAX(created_at), 0) FROM sessions WHERE ended_at IS NULL`,
		`SELECT COALESCE(MAX(last_seen_at), 0) FROM sessions WHERE ended_at IS NULL`,
		`SELECT COALESCE(MAX(created_at), 0) FROM signing_keys`)
}

// LatestRecord returns LatestTime, or the time of the last line of the audit
// log where that is later.
func (q *Queries) LatestRecord(ctx context.Context) (time.Time, error) {
	latest, err := q.LatestTime(ctx)
	if err != nil {
		return time.Time{}, err
	}
	line, err := q.latest(ctx, `SELECT COALESCE((SELECT at FROM audit ORDER BY seq DESC LIMIT 1), 0)`)
	if line.After(latest) {
		latest = line
	}
	return latest, err
}

func (q *Queries) latest(ctx context.Context, queries ...string) (time.Time, error) {
	var latest time.Time
	for _, query := range queries {
		var at time.Time
		if err := q.one(ctx, "read the latest time", []any{(*stamp)(&at)}, query); err != nil {
			return time.Time{}, err
		}
		if at.After(latest) {
			latest = at
		}
	}
	return latest, nil
}
