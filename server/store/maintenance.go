package store

import (
	"context"
	"time"

	"lychgate/server/database"
)

// SweepClock is the stored time to sweep by.
type SweepClock struct {
	At       time.Time     // zero: never stored
	AheadAt  time.Time     // earliest wall-clock time since it jumped ahead; zero: it is not ahead
	AheadFor time.Duration // how long it has been ahead
}

// SweepClock returns the stored time to sweep by.
func (q *Queries) SweepClock(ctx context.Context) (c SweepClock, err error) {
	var aheadFor int64
	err = q.one(ctx, "read the time of the last sweep", []any{(*database.StampOrNull)(&c.At), (*database.StampOrNull)(&c.AheadAt), &aheadFor},
		`SELECT NULLIF(swept_at, 0), NULLIF(ahead_at, 0), ahead_for FROM maintenance`)
	c.AheadFor = time.Duration(aheadFor) * time.Millisecond
	return c, err
}

// SaveSweepClock stores the time to sweep by.
func (q *Queries) SaveSweepClock(ctx context.Context, c SweepClock) error {
	var aheadAt int64
	if !c.AheadAt.IsZero() {
		aheadAt = c.AheadAt.UnixMilli()
	}
	_, err := q.exec(ctx, "save the time of a sweep", `UPDATE maintenance SET swept_at = $1, ahead_at = $2, ahead_for = $3`,
		database.Stamp(c.At), aheadAt, c.AheadFor.Milliseconds())
	return err
}

// AuditCounted returns the last audit line that was counted.
func (q *Queries) AuditCounted(ctx context.Context) (seq int64, err error) {
	err = q.one(ctx, "read how far the audit log was counted", []any{&seq}, `SELECT audit_seq FROM maintenance`)
	return seq, err
}

// SaveAuditCounted stores the last audit line that was counted.
func (q *Queries) SaveAuditCounted(ctx context.Context, seq int64) error {
	_, err := q.exec(ctx, "save how far the audit log was counted", `UPDATE maintenance SET audit_seq = $1`, seq)
	return err
}

// NoteAccessTTL records that a process issues access tokens with this TTL.
func (q *Queries) NoteAccessTTL(ctx context.Context, ttl time.Duration, at time.Time) error {
	_, err := q.exec(ctx, "record the TTL of access tokens",
		`INSERT INTO access_ttls (ttl, used_at) VALUES ($1, $2) ON CONFLICT (ttl) DO UPDATE SET used_at = excluded.used_at`,
		ttl.Milliseconds(), database.Stamp(at))
	return err
}

// LongestAccessTTL returns the longest TTL of access tokens that may still be
// valid at a time, and deletes the TTLs of those that cannot be. A process
// issues its last token at most slack after recording its TTL.
func (q *Queries) LongestAccessTTL(ctx context.Context, at time.Time, slack time.Duration) (time.Duration, error) {
	if _, err := q.exec(ctx, "delete TTLs of access tokens", `DELETE FROM access_ttls WHERE used_at + ttl < $1`, database.Stamp(at.Add(-slack))); err != nil {
		return 0, err
	}
	var longest int64
	err := q.one(ctx, "read TTLs of access tokens", []any{&longest}, `SELECT COALESCE(MAX(ttl), 0) FROM access_ttls`)
	return time.Duration(longest) * time.Millisecond, err
}

// eraseWait is how long an erasure waits for readers while blocking writers.
const eraseWait = 100 * time.Millisecond

// NoteErasure requests Erase, after a deletion that must leave no trace.
func (q *Queries) NoteErasure(ctx context.Context) error {
	_, err := q.exec(ctx, "note what is to be erased", `UPDATE maintenance SET erasures = erasures + 1`)
	return err
}

// Erase empties the write-ahead log if NoteErasure requested it: deleted rows
// are overwritten in the database file, but remain in the log until then. It
// reports false while somebody reads from the log; then call it again.
func (s *Store) Erase(ctx context.Context) (done bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var erasures int64
	if err := s.Read().one(ctx, "read what is to be erased", []any{&erasures}, `SELECT erasures FROM maintenance`); err != nil || erasures == 0 {
		return err == nil, err
	}
	if done, err = s.db.EmptyLog(ctx, eraseWait); err != nil || !done {
		return false, err
	}
	return true, s.Write(ctx, func(q *Queries) error {
		// An erasure requested meanwhile remains to be done.
		_, err := q.exec(ctx, "note what was erased", `UPDATE maintenance SET erasures = 0 WHERE erasures = $1`, erasures)
		return err
	})
}
