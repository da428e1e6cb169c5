package store

import (
	"context"
	"database/sql"
	"time"
)

// Session is one signed-in browser or program.
type Session struct {
	ID         string
	UserID     string
	Generation int64     // of the newest refresh token, from 1
	RotatedAt  time.Time // when that one was made
	CreatedAt  time.Time
	LastSeenAt time.Time
	Ended      bool
	IP         string
	UserAgent  string
}

// CreateSession stores a new session, of generation 1.
func (q *Queries) CreateSession(ctx context.Context, s Session) error {
	at := millis(s.CreatedAt)
	_, err := q.exec(ctx, "create a session",
		`INSERT INTO sessions (id, user_id, generation, rotated_at, created_at, last_seen_at, ip, user_agent)
		 VALUES ($1, $2, 1, $3, $4, $5, $6, $7)`,
		s.ID, s.UserID, at, at, at, s.IP, s.UserAgent)
	return err
}

const selectSession = `SELECT id, user_id, generation, rotated_at, created_at, last_seen_at, ended_at IS NOT NULL, ip, user_agent FROM sessions `

func scanSession(scan func(...any) error) (s Session, err error) {
	var rotatedAt, createdAt, lastSeenAt int64
	err = scan(&s.ID, &s.UserID, &s.Generation, &rotatedAt, &createdAt, &lastSeenAt, &s.Ended, &s.IP, &s.UserAgent)
	s.RotatedAt, s.CreatedAt, s.LastSeenAt = fromMillis(rotatedAt), fromMillis(createdAt), fromMillis(lastSeenAt)
	return s, err
}

// Session returns a session, ended or not, or ErrNotFound.
func (q *Queries) Session(ctx context.Context, id string) (Session, error) {
	return scanSession(func(into ...any) error {
		return q.one(ctx, "read a session", into, selectSession+`WHERE id = $1`, id)
	})
}

// SessionsOf returns the sessions of a person that have not been ended, the
// newest first. Some of them may have lapsed.
func (q *Queries) SessionsOf(ctx context.Context, userID string) ([]Session, error) {
	return all(ctx, q, "list sessions",
		func(rows *sql.Rows) (Session, error) { return scanSession(rows.Scan) },
		selectSession+`WHERE user_id = $1 AND ended_at IS NULL ORDER BY created_at DESC, id`, userID)
}

// LiveSessions returns the sessions of all people that have not been ended, the
// newest first. Some of them may have lapsed.
func (q *Queries) LiveSessions(ctx context.Context) ([]Session, error) {
	return all(ctx, q, "list all sessions",
		func(rows *sql.Rows) (Session, error) { return scanSession(rows.Scan) },
		selectSession+`WHERE ended_at IS NULL ORDER BY created_at DESC, id`)
}

// RotateSession moves a session on from a generation, and reports whether it
// did: false where another request was first, or the session has ended.
func (q *Queries) RotateSession(ctx context.Context, id string, generation int64, at time.Time) (bool, error) {
	changed, err := q.exec(ctx, "rotate a session",
		`UPDATE sessions SET rotated_at = $1, last_seen_at = $2, generation = generation + 1
		 WHERE id = $3 AND generation = $4 AND ended_at IS NULL`,
		millis(at), millis(at), id, generation)
	return changed == 1, err
}

// SeeSession notes that a session was in use.
func (q *Queries) SeeSession(ctx context.Context, id string, at time.Time) error {
	_, err := q.exec(ctx, "note a session's use",
		`UPDATE sessions SET last_seen_at = $1 WHERE id = $2 AND last_seen_at < $3`, millis(at), id, millis(at))
	return err
}

// EndSession ends a session and records the ending for all processes. It
// returns ErrNotFound when there is no such session that has not ended.
func (q *Queries) EndSession(ctx context.Context, id string, at time.Time) error {
	if err := one(q.exec(ctx, "end a session",
		`UPDATE sessions SET ended_at = $1 WHERE id = $2 AND ended_at IS NULL`, millis(at), id)); err != nil {
		return err
	}
	return q.recordEnding(ctx, id, at)
}

// EndSessionsOf ends the sessions of a person but for one (which may be
// empty), records the endings, and returns the ids of those it ended.
func (q *Queries) EndSessionsOf(ctx context.Context, userID, butFor string, at time.Time) ([]string, error) {
	ids, err := all(ctx, q, "end sessions",
		func(rows *sql.Rows) (id string, err error) {
			err = rows.Scan(&id)
			return id, err
		},
		`UPDATE sessions SET ended_at = $1 WHERE user_id = $2 AND id <> $3 AND ended_at IS NULL RETURNING id`,
		millis(at), userID, butFor)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		if err := q.recordEnding(ctx, id, at); err != nil {
			return nil, err
		}
	}
	return ids, nil
}

func (q *Queries) recordEnding(ctx context.Context, id string, at time.Time) error {
	_, err := q.exec(ctx, "record an ending",
		`INSERT INTO session_endings (session_id, ended_at) VALUES ($1, $2)`, id, millis(at))
	return err
}

// Ending says that a session has ended; Seq grows in the order of commits.
type Ending struct {
	Seq       int64
	SessionID string
}

// EndingsAfter returns the endings recorded after seq, in order.
func (q *Queries) EndingsAfter(ctx context.Context, seq int64) ([]Ending, error) {
	return all(ctx, q, "read endings",
		func(rows *sql.Rows) (e Ending, err error) {
			err = rows.Scan(&e.Seq, &e.SessionID)
			return e, err
		},
		`SELECT seq, session_id FROM session_endings WHERE seq > $1 ORDER BY seq`, seq)
}

// Sweep removes sessions that began, were seen or ended before the given
// times, endings recorded before endedBefore, and addresses not signed in from
// since knownBefore.
func (q *Queries) Sweep(ctx context.Context, begunBefore, seenBefore, endedBefore, knownBefore time.Time) error {
	if _, err := q.exec(ctx, "sweep sessions",
		`DELETE FROM sessions WHERE created_at < $1 OR last_seen_at < $2 OR ended_at < $3`,
		millis(begunBefore), millis(seenBefore), millis(endedBefore)); err != nil {
		return err
	}
	if _, err := q.exec(ctx, "sweep endings", `DELETE FROM session_endings WHERE ended_at < $1`, millis(endedBefore)); err != nil {
		return err
	}
	_, err := q.exec(ctx, "sweep addresses", `DELETE FROM known_addresses WHERE last_used_at < $1`, millis(knownBefore))
	return err
}
