package store

import (
	"context"
	"database/sql"
	"errors"
	"iter"
	"math"
	"time"

	"lychgate/server/database"
)

// Session is one signed-in browser or program.
type Session struct {
	ID         string
	UserID     string
	Generation int64     // of the newest refresh token, from 1
	RotatedAt  time.Time // when that token was issued
	CreatedAt  time.Time
	LastSeenAt time.Time
	Revoked    bool
	IP         string
	UserAgent  string
	ProvedAt   time.Time // when the person last proved who they are
	Methods    string    // how they did: amr values (RFC 8176), separated by spaces
}

// CreateSession stores a new session, of generation 1. Without ProvedAt,
// the person authenticated when the session was created.
func (q *Queries) CreateSession(ctx context.Context, s Session) error {
	at := database.Stamp(s.CreatedAt)
	_, err := q.exec(ctx, "create a session",
		`INSERT INTO sessions (id, user_id, generation, rotated_at, created_at, last_seen_at, ip, user_agent, proved_at, methods)
		 VALUES ($1, $2, 1, $3, $4, $5, $6, $7, $8, $9)`,
		s.ID, s.UserID, at, at, at, s.IP, s.UserAgent, database.StampOrNull(s.ProvedAt), s.Methods)
	return err
}

const selectSession = `SELECT id, user_id, generation, rotated_at, created_at, last_seen_at, ended_at IS NOT NULL, ip, user_agent,
	COALESCE(proved_at, created_at), methods FROM sessions `

func scanSession(scan func(...any) error) (s Session, err error) {
	err = scan(&s.ID, &s.UserID, &s.Generation, (*database.Stamp)(&s.RotatedAt), (*database.Stamp)(&s.CreatedAt), (*database.Stamp)(&s.LastSeenAt), &s.Revoked, &s.IP, &s.UserAgent, (*database.Stamp)(&s.ProvedAt), &s.Methods)
	return s, err
}

// Session returns a session, revoked or not, or ErrNotFound.
func (q *Queries) Session(ctx context.Context, id string) (Session, error) {
	return scanSession(func(into ...any) error {
		return q.one(ctx, "read a session", into, selectSession+`WHERE id = $1`, id)
	})
}

// SessionPlace is a position in a list of sessions, newest first.
type SessionPlace struct {
	CreatedAt time.Time
	ID        string
}

// Newest is the position before the first session of a list.
var Newest = SessionPlace{CreatedAt: time.UnixMilli(math.MaxInt64)}

// Place returns the position of a session.
func (s Session) Place() SessionPlace { return SessionPlace{s.CreatedAt, s.ID} }

func (q *Queries) sessions(ctx context.Context, where string, args ...any) ([]Session, error) {
	return all(ctx, q, "list sessions", func(rows *sql.Rows) (Session, error) { return scanSession(rows.Scan) }, selectSession+where, args...)
}

// SessionsAfter returns up to limit unrevoked sessions of a person after a
// position, newest first. Some may have expired.
func (q *Queries) SessionsAfter(ctx context.Context, userID string, after SessionPlace, limit int) ([]Session, error) {
	return q.sessions(ctx, `WHERE user_id = $1 AND ended_at IS NULL AND (created_at, id) < ($2, $3) ORDER BY created_at DESC, id DESC LIMIT $4`,
		userID, database.Stamp(after.CreatedAt), after.ID, limit)
}

// SessionsOf returns all unrevoked sessions of a person, newest first. Some may
// have expired.
func (q *Queries) SessionsOf(ctx context.Context, userID string) iter.Seq2[Session, error] {
	return inPages(func(after *Session) ([]Session, error) {
		return q.SessionsAfter(ctx, userID, placeOf(after), StepRows)
	})
}

// LiveSessions returns everybody's unrevoked sessions, newest first. Some may
// have expired.
func (q *Queries) LiveSessions(ctx context.Context) iter.Seq2[Session, error] {
	return inPages(func(after *Session) ([]Session, error) {
		place := placeOf(after)
		return q.sessions(ctx, `WHERE ended_at IS NULL AND (created_at, id) < ($1, $2) ORDER BY created_at DESC, id DESC LIMIT $3`,
			database.Stamp(place.CreatedAt), place.ID, StepRows)
	})
}

func placeOf(session *Session) SessionPlace {
	if session == nil {
		return Newest
	}
	return session.Place()
}

// SessionsByLastSeen returns up to limit unrevoked sessions of a person, most
// recently seen first. Some may have expired.
func (q *Queries) SessionsByLastSeen(ctx context.Context, userID string, limit int) ([]Session, error) {
	return q.sessions(ctx, `WHERE user_id = $1 AND ended_at IS NULL ORDER BY last_seen_at DESC, id DESC LIMIT $2`, userID, limit)
}

// HasMoreSessions reports whether a person has more than a number of unrevoked
// sessions, not counting except (which may be empty).
func (q *Queries) HasMoreSessions(ctx context.Context, userID, except string, than int) (more bool, err error) {
	err = q.one(ctx, "count sessions", []any{&more},
		`SELECT COUNT(*) > $1 FROM (SELECT 1 FROM sessions WHERE user_id = $2 AND id <> $3 AND ended_at IS NULL LIMIT $4) AS counted`,
		than, userID, except, than+1)
	return more, err
}

// RotateSession advances a session from a generation to the next, and reports
// whether it did. It did not if another request was first or the session is
// revoked.
func (q *Queries) RotateSession(ctx context.Context, id string, generation int64, at time.Time) (bool, error) {
	changed, err := q.exec(ctx, "rotate a session",
		`UPDATE sessions SET rotated_at = $1, last_seen_at = $2, generation = generation + 1
		 WHERE id = $3 AND generation = $4 AND ended_at IS NULL`,
		database.Stamp(at), database.Stamp(at), id, generation)
	return changed == 1, err
}

// SeeSession records when a session was last seen.
func (q *Queries) SeeSession(ctx context.Context, id string, at time.Time) error {
	_, err := q.exec(ctx, "record when a session was last seen",
		`UPDATE sessions SET last_seen_at = $1 WHERE id = $2 AND last_seen_at < $3`, database.Stamp(at), id, database.Stamp(at))
	return err
}

// RevokeSession revokes a session. It returns ErrNotFound if there is no such
// unrevoked session.
func (q *Queries) RevokeSession(ctx context.Context, id string, at time.Time) error {
	if err := found(q.exec(ctx, "revoke a session",
		`UPDATE sessions SET ended_at = $1 WHERE id = $2 AND ended_at IS NULL`, database.Stamp(at), id)); err != nil {
		return err
	}
	return q.change(ctx, SessionChange, at, id)
}

// RevokeSessionsOf revokes up to limit sessions of a person, least recently
// seen first and without except (which may be empty). It returns the ids of
// those it revoked.
func (q *Queries) RevokeSessionsOf(ctx context.Context, userID, except string, at time.Time, limit int) ([]string, error) {
	const chosen = `FROM sessions WHERE user_id = $2 AND id <> $3 AND ended_at IS NULL ORDER BY last_seen_at, id LIMIT $4`
	ids, err := q.changeChosen(ctx, SessionChange, chosen, at, userID, except, limit)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	_, err = q.exec(ctx, "revoke sessions", `UPDATE sessions SET ended_at = $1 WHERE id IN (SELECT id `+chosen+`)`, database.Stamp(at), userID, except, limit)
	return ids, err
}

// RevokeSessions revokes the given sessions and returns the ids of those that
// were not revoked already.
func (q *Queries) RevokeSessions(ctx context.Context, ids []string, at time.Time) (revoked []string, err error) {
	for _, id := range ids {
		switch err := q.RevokeSession(ctx, id, at); {
		case err == nil:
			revoked = append(revoked, id)
		case !errors.Is(err, ErrNotFound):
			return nil, err
		}
	}
	return revoked, nil
}

// RevokeAllSessions revokes everybody's sessions in a database that no process
// follows, and returns how many. It works on every schema version because it
// uses the oldest feed of revocations.
func (q *Queries) RevokeAllSessions(ctx context.Context, at time.Time) (int64, error) {
	if _, err := q.exec(ctx, "record the revocation of all sessions",
		`INSERT INTO session_endings (session_id, ended_at) SELECT id, $1 FROM sessions WHERE ended_at IS NULL`, database.Stamp(at)); err != nil {
		return 0, err
	}
	return q.exec(ctx, "revoke all sessions", `UPDATE sessions SET ended_at = $1 WHERE ended_at IS NULL`, database.Stamp(at))
}

// DeleteSessionsOf deletes up to limit sessions of a person, recording the
// revocation of those not revoked yet, and returns how many it deleted.
func (q *Queries) DeleteSessionsOf(ctx context.Context, userID string, at time.Time, limit int) (int64, error) {
	// In insertion order, so that a step changes few pages.
	const first = `SELECT id FROM sessions WHERE user_id = $2 ORDER BY created_at, id LIMIT $3`
	if _, err := q.changeChosen(ctx, SessionChange, `FROM sessions WHERE id IN (`+first+`) AND ended_at IS NULL`, at, userID, limit); err != nil {
		return 0, err
	}
	return q.exec(ctx, "delete sessions",
		`DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE user_id = $1 ORDER BY created_at, id LIMIT $2)`, userID, limit)
}

// SweepOldSessions deletes up to limit unrevoked sessions created before a
// time, and returns how many.
func (q *Queries) SweepOldSessions(ctx context.Context, before time.Time, limit int) (int64, error) {
	return q.sweepSessions(ctx, `ended_at IS NULL AND created_at < $1 ORDER BY created_at, id`, before, limit)
}

// SweepIdleSessions deletes up to limit unrevoked sessions last seen before a
// time, and returns how many.
func (q *Queries) SweepIdleSessions(ctx context.Context, before time.Time, limit int) (int64, error) {
	return q.sweepSessions(ctx, `ended_at IS NULL AND last_seen_at < $1 ORDER BY last_seen_at`, before, limit)
}

// SweepRevokedSessions deletes up to limit sessions revoked before a time, and
// returns how many.
func (q *Queries) SweepRevokedSessions(ctx context.Context, before time.Time, limit int) (int64, error) {
	return q.sweepSessions(ctx, `ended_at < $1 ORDER BY ended_at`, before, limit)
}

func (q *Queries) sweepSessions(ctx context.Context, chosen string, before time.Time, limit int) (int64, error) {
	return q.exec(ctx, "sweep sessions", `DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE `+chosen+` LIMIT $2)`, database.Stamp(before), limit)
}
