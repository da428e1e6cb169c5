package store

import (
	"context"
	"database/sql"
	"iter"
	"time"

	"lychgate/server/database"
)

// AuditLine records who did what, from where, and with what outcome. It is
// written in the transaction of the change it records.
type AuditLine struct {
	At        time.Time
	Event     string // such as "login"
	Outcome   string // "success" or "failure"
	UserID    string // empty if the account is unknown
	SessionID string // may be empty
	IP        string
	UserAgent string
	Actor     string // a user's id, "operator" or "server"; empty for somebody who proved nothing
}

// Audit appends a line.
func (q *Queries) Audit(ctx context.Context, line AuditLine) error {
	return q.audit(ctx, line, `VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		database.Stamp(line.At), line.Event, line.Outcome, line.UserID, line.SessionID, line.IP, line.UserAgent, line.Actor)
}

// AuditAccount is Audit for a line about an account. It appends nothing if the
// account does not exist, so that nothing is kept about a deleted person.
func (q *Queries) AuditAccount(ctx context.Context, line AuditLine) error {
	return q.audit(ctx, line, `SELECT $1, $2, $3, id, $4, $5, $6, $7 FROM users WHERE id = $8`,
		database.Stamp(line.At), line.Event, line.Outcome, line.SessionID, line.IP, line.UserAgent, line.Actor, line.UserID)
}

func (q *Queries) audit(ctx context.Context, line AuditLine, row string, args ...any) error {
	if q.old { // no actor column yet
		_, err := q.exec(ctx, "write the audit log",
			`INSERT INTO audit (at, event, outcome, user_id, session_id, ip, user_agent) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			database.Stamp(line.At), line.Event, line.Outcome, line.UserID, line.SessionID, line.IP, line.UserAgent)
		return err
	}
	_, err := q.exec(ctx, "write the audit log",
		`INSERT INTO audit (at, event, outcome, user_id, session_id, ip, user_agent, actor) `+row, args...)
	return err
}

// Line is a stored audit line.
type Line struct {
	AuditLine
	Seq int64 // grows with every line
}

// auditLines returns the lines since a time in the order they were written,
// without those added while it is reading.
func (q *Queries) auditLines(ctx context.Context, since time.Time, where string, args ...any) iter.Seq2[Line, error] {
	var first, last int64 // numbers start at 1
	return database.Pages(StepRows, func(after *Line) ([]Line, error) {
		if after == nil {
			if err := q.one(ctx, "read the audit log", []any{&last}, `SELECT COALESCE(MAX(seq), 0) FROM audit`); err != nil {
				return nil, err
			}
			if !since.IsZero() {
				if err := q.one(ctx, "read the audit log", []any{&first}, `SELECT COALESCE(MIN(+seq), $1) FROM audit WHERE at >= $2`, last+1, database.Stamp(since)); err != nil {
					return nil, err
				}
			}
			after = &Line{Seq: first - 1}
		}
		// A unary plus keeps an index from being chosen: the first line is
		// found by time, pages are read in order of seq.
		return all(ctx, q, "read the audit log", func(rows *sql.Rows) (line Line, err error) {
			err = line.scan(rows)
			return line, err
		}, `SELECT seq, at, event, outcome, user_id, session_id, ip, user_agent, actor FROM audit
		    WHERE seq > $1 AND seq <= $2 AND +at >= $3`+where+` ORDER BY seq LIMIT $4`,
			append([]any{after.Seq, last, database.Stamp(since), StepRows}, args...)...)
	})
}

func (l *Line) scan(rows *sql.Rows, more ...any) error {
	return rows.Scan(append([]any{&l.Seq, (*database.Stamp)(&l.At), &l.Event, &l.Outcome, &l.UserID, &l.SessionID, &l.IP, &l.UserAgent, &l.Actor}, more...)...)
}

// AuditOf returns the lines about a person since a time, oldest first.
func (q *Queries) AuditOf(ctx context.Context, userID string, since time.Time) iter.Seq2[Line, error] {
	return q.auditLines(ctx, since, ` AND user_id = $5`, userID)
}

// AuditSince returns all lines since a time, oldest first.
func (q *Queries) AuditSince(ctx context.Context, since time.Time) iter.Seq2[Line, error] {
	return q.auditLines(ctx, since, "")
}

// Audited reports whether an event was recorded between two times, both
// included.
func (q *Queries) Audited(ctx context.Context, event string, from, to time.Time) (found bool, err error) {
	err = q.one(ctx, "look for an event", []any{&found},
		`SELECT EXISTS (SELECT 1 FROM audit WHERE event = $1 AND at >= $2 AND at <= $3)`, event, database.Stamp(from), database.Stamp(to))
	return found, err
}

// EventReplay is the event of a refresh token presented again after its
// rotation: somebody else may have it.
const EventReplay = "refresh_replay"

// Event is an audit line as its person sees it.
type Event struct {
	Line
	Unseen bool // the person should acknowledge it and has not
}

// mostUnseen is how many unseen lines are kept and shown per person, so that an
// account cannot fill the log.
const mostUnseen = 100

// EventsOf returns the latest lines about a person, newest first: up to limit
// successes, up to limit failures, so that neither pushes the other out of
// sight, and the latest unseen ones.
func (q *Queries) EventsOf(ctx context.Context, userID string, limit int) ([]Event, error) {
	return all(ctx, q, "read a person's events",
		func(rows *sql.Rows) (e Event, err error) {
			err = e.scan(rows, &e.Unseen)
			return e, err
		},
		`SELECT seq, at, event, outcome, user_id, session_id, ip, user_agent, actor,
		        event = $1 AND seq > (SELECT told_seq FROM users WHERE id = $2)
		 FROM audit WHERE seq IN (
		   SELECT seq FROM (SELECT seq FROM audit WHERE user_id = $3 AND outcome = 'success' ORDER BY seq DESC LIMIT $4) AS good
		   UNION
		   SELECT seq FROM (SELECT seq FROM audit WHERE user_id = $5 AND outcome = 'failure' ORDER BY seq DESC LIMIT $6) AS bad
		   UNION
		   SELECT seq FROM (SELECT seq FROM audit WHERE user_id = $7 AND event = $8 AND seq > (SELECT told_seq FROM users WHERE id = $9)
		                    ORDER BY seq DESC LIMIT $10) AS unseen)
		 ORDER BY seq DESC`,
		EventReplay, userID, userID, limit, userID, limit, userID, EventReplay, userID, mostUnseen)
}

// SeeEvents marks all lines about a person as seen, up to and including seq. It
// returns ErrNotFound if that is not a line about them.
func (q *Queries) SeeEvents(ctx context.Context, id string, seq int64) error {
	return found(q.exec(ctx, "mark events as seen",
		`UPDATE users SET told_seq = CASE WHEN told_seq < $1 THEN $2 ELSE told_seq END
		 WHERE id = $3 AND EXISTS (SELECT 1 FROM audit WHERE seq = $4 AND user_id = $5)`, seq, seq, id, seq, id))
}

// unseen is the condition for lines that their person has not seen.
const unseen = `(event = '` + EventReplay + `' AND EXISTS (SELECT 1 FROM users WHERE users.id = audit.user_id AND audit.seq > users.told_seq))`

// AuditTime is a position in the audit log ordered by time; its zero value is
// the beginning.
type AuditTime struct{ at, seq int64 }

// PruneAudit examines up to limit lines older than before, oldest first from a
// position on, and deletes them unless they are unseen. It returns the position
// it reached and whether there may be more.
func (q *Queries) PruneAudit(ctx context.Context, before time.Time, after AuditTime, limit int) (AuditTime, bool, error) {
	places, err := all(ctx, q, "read the audit log", func(rows *sql.Rows) (place AuditTime, err error) {
		err = rows.Scan(&place.at, &place.seq)
		return place, err
	}, `SELECT at, seq FROM audit WHERE at < $1 AND (at, seq) > ($2, $3) ORDER BY at, seq LIMIT $4`, database.Stamp(before), after.at, after.seq, limit)
	if err != nil || len(places) == 0 {
		return after, false, err
	}
	_, err = q.exec(ctx, "prune the audit log",
		`DELETE FROM audit WHERE seq IN (SELECT seq FROM audit WHERE at < $1 AND (at, seq) > ($2, $3) ORDER BY at, seq LIMIT $4) AND NOT `+unseen,
		database.Stamp(before), after.at, after.seq, limit)
	return places[len(places)-1], len(places) == limit, err
}

// AuditCount is what lines of the audit log are counted by: account and
// outcome.
type AuditCount struct {
	UserID  string // empty if the account is unknown
	Outcome string
}

// CountedAfter returns the distinct counts of up to limit lines after seq, and
// the last of those lines (seq itself if there are none).
func (q *Queries) CountedAfter(ctx context.Context, seq int64, limit int) (counts []AuditCount, last int64, err error) {
	last = seq
	counts, err = all(ctx, q, "count the audit log", func(rows *sql.Rows) (c AuditCount, err error) {
		var newest int64
		err = rows.Scan(&c.UserID, &c.Outcome, &newest)
		last = max(last, newest)
		return c, err
	}, `SELECT user_id, outcome, MAX(seq) FROM (SELECT seq, user_id, outcome FROM audit WHERE seq > $1 ORDER BY seq LIMIT $2) AS lines
	    GROUP BY user_id, outcome`, seq, limit)
	return counts, last, err
}

// Surplus returns the newest line beyond the keep newest ones of a count, or
// zero.
func (q *Queries) Surplus(ctx context.Context, c AuditCount, keep int) (seq int64, err error) {
	err = q.one(ctx, "count the audit log", []any{&seq},
		`SELECT COALESCE((SELECT seq FROM audit WHERE user_id = $1 AND outcome = $2 ORDER BY seq DESC LIMIT 1 OFFSET $3), 0)`,
		c.UserID, c.Outcome, keep)
	return seq, err
}

// TrimAudit examines up to limit lines of a count, after one line and up to
// another, and deletes them except for the latest unseen ones. It returns the
// line it reached and whether there may be more.
func (q *Queries) TrimAudit(ctx context.Context, c AuditCount, after, upTo int64, limit int) (int64, bool, error) {
	const chosen = `SELECT seq FROM audit WHERE user_id = $1 AND outcome = $2 AND seq > $3 AND seq <= $4 ORDER BY seq LIMIT $5`
	args := []any{c.UserID, c.Outcome, after, upTo, limit}
	var last, looked int64
	if err := q.one(ctx, "read the audit log", []any{&last, &looked}, `SELECT COALESCE(MAX(seq), 0), COUNT(*) FROM (`+chosen+`) AS chosen`, args...); err != nil || looked == 0 {
		return after, false, err
	}
	_, err := q.exec(ctx, "trim the audit log",
		`DELETE FROM audit WHERE seq IN (`+chosen+`) AND NOT (`+unseen+` AND seq >= COALESCE(
		   (SELECT seq FROM audit WHERE user_id = $6 AND event = '`+EventReplay+`' ORDER BY seq DESC LIMIT 1 OFFSET $7), 0))`,
		append(args, c.UserID, mostUnseen-1)...)
	return last, looked == int64(limit), err
}

// DeleteAuditOf deletes up to limit lines about a person, and returns how many.
func (q *Queries) DeleteAuditOf(ctx context.Context, userID string, limit int) (int64, error) {
	return q.exec(ctx, "delete a person's audit lines",
		`DELETE FROM audit WHERE seq IN (SELECT seq FROM audit WHERE user_id = $1 ORDER BY seq LIMIT $2)`, userID, limit)
}
