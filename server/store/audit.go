package store

import (
	"context"
	"database/sql"
	"iter"
	"time"

	"lychgate/server/database"
)

// AuditLine records who did what, from where, and how it came out. It is
// written in the transaction of the change that it records.
type AuditLine struct {
	At        time.Time
	Event     string // such as "login"
	Outcome   string // "success" or "failure"
	UserID    string // empty where no account is known
	SessionID string // empty where there is none
	IP        string
	UserAgent string
	Actor     string // a user's id, "operator" or "server"; empty for somebody who proved nothing
}

// Audit appends a line.
func (q *Queries) Audit(ctx context.Context, line AuditLine) error {
	return q.audit(ctx, line, `VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		database.Stamp(line.At), line.Event, line.Outcome, line.UserID, line.SessionID, line.IP, line.UserAgent, line.Actor)
}

// AuditAccount is Audit for a line about an account, and appends nothing where
// there is no such account: nothing is kept of somebody who has been deleted.
func (q *Queries) AuditAccount(ctx context.Context, line AuditLine) error {
	return q.audit(ctx, line, `SELECT $1, $2, $3, id, $4, $5, $6, $7 FROM users WHERE id = $8`,
		database.Stamp(line.At), line.Event, line.Outcome, line.SessionID, line.IP, line.UserAgent, line.Actor, line.UserID)
}

func (q *Queries) audit(ctx context.Context, line AuditLine, row string, args ...any) error {
	if q.old { // without the column for actors
		_, err := q.exec(ctx, "write the audit log",
			`INSERT INTO audit (at, event, outcome, user_id, session_id, ip, user_agent) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			database.Stamp(line.At), line.Event, line.Outcome, line.UserID, line.SessionID, line.IP, line.UserAgent)
		return err
	}
	_, err := q.exec(ctx, "write the audit log",
		`INSERT INTO audit (at, event, outcome, user_id, session_id, ip, user_agent, actor) `+row, args...)
	return err
}

// Line is a line as it stands in the log.
type Line struct {
	AuditLine
	Seq int64 // grows with every line
}

// auditLines returns the lines that were there when it is first asked, in the
// order of writing, and since a time.
func (q *Queries) auditLines(ctx context.Context, since time.Time, where string, args ...any) iter.Seq2[Line, error] {
	var first, last int64 // at 0 is no line
	return inPages(func(after *Line) ([]Line, error) {
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
		// A plus keeps a column out of the choice of an index: the lines that are
		// old enough are found by time, all pages are read in order.
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

// AuditOf returns the lines about a person since a time, the oldest first.
func (q *Queries) AuditOf(ctx context.Context, userID string, since time.Time) iter.Seq2[Line, error] {
	return q.auditLines(ctx, since, ` AND user_id = $5`, userID)
}

// AuditSince returns the lines about everybody since a time, the oldest first.
func (q *Queries) AuditSince(ctx context.Context, since time.Time) iter.Seq2[Line, error] {
	return q.auditLines(ctx, since, "")
}

// Audited reports whether an event was recorded from one time to another, both
// included.
func (q *Queries) Audited(ctx context.Context, event string, from, to time.Time) (found bool, err error) {
	err = q.one(ctx, "look for an event", []any{&found},
		`SELECT EXISTS (SELECT 1 FROM audit WHERE event = $1 AND at >= $2 AND at <= $3)`, event, database.Stamp(from), database.Stamp(to))
	return found, err
}

// EventReplay is the event of a refresh token that was presented again when it
// no longer counted: somebody else may have it.
const EventReplay = "refresh_replay"

// Event is an audit line as its person sees it.
type Event struct {
	Line
	Untold bool // the person should be told, and has not been
}

// mostUntold is how many lines that a person has not been told of are kept for
// them, and shown: an account cannot fill the log with more of its own.
const mostUntold = 100

// EventsOf returns the last lines about a person, up to limit of successes and
// up to limit of failures, so that neither can push the others out of sight,
// and the last that the person has not been told: the newest first.
func (q *Queries) EventsOf(ctx context.Context, userID string, limit int) ([]Event, error) {
	return all(ctx, q, "read a person's events",
		func(rows *sql.Rows) (e Event, err error) {
			err = e.scan(rows, &e.Untold)
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
		                    ORDER BY seq DESC LIMIT $10) AS untold)
		 ORDER BY seq DESC`,
		EventReplay, userID, userID, limit, userID, limit, userID, EventReplay, userID, mostUntold)
}

// TellUser notes that a person has been told of all up to a line about them.
// It returns ErrNotFound where there is no such line.
func (q *Queries) TellUser(ctx context.Context, id string, seq int64) error {
	return found(q.exec(ctx, "note what a person was told",
		`UPDATE users SET told_seq = CASE WHEN told_seq < $1 THEN $2 ELSE told_seq END
		 WHERE id = $3 AND EXISTS (SELECT 1 FROM audit WHERE seq = $4 AND user_id = $5)`, seq, seq, id, seq, id))
}

// untold is true for a line of the audit log that its person has not been told
// of yet.
const untold = `(event = '` + EventReplay + `' AND EXISTS (SELECT 1 FROM users WHERE users.id = audit.user_id AND audit.seq > users.told_seq))`

// AuditTime is a place in the audit log by time; the zero one is the beginning.
type AuditTime struct{ at, seq int64 }

// PruneAudit looks at up to limit lines that were written before a time, the
// oldest first, from after a place on, and removes them. What a person has not
// been told of yet stays. It returns the place that it came to, and whether
// there may be more after it.
func (q *Queries) PruneAudit(ctx context.Context, before time.Time, after AuditTime, limit int) (AuditTime, bool, error) {
	places, err := all(ctx, q, "read the audit log", func(rows *sql.Rows) (place AuditTime, err error) {
		err = rows.Scan(&place.at, &place.seq)
		return place, err
	}, `SELECT at, seq FROM audit WHERE at < $1 AND (at, seq) > ($2, $3) ORDER BY at, seq LIMIT $4`, database.Stamp(before), after.at, after.seq, limit)
	if err != nil || len(places) == 0 {
		return after, false, err
	}
	_, err = q.exec(ctx, "prune the audit log",
		`DELETE FROM audit WHERE seq IN (SELECT seq FROM audit WHERE at < $1 AND (at, seq) > ($2, $3) ORDER BY at, seq LIMIT $4) AND NOT `+untold,
		database.Stamp(before), after.at, after.seq, limit)
	return places[len(places)-1], len(places) == limit, err
}

// AuditCount is how lines of the audit log are counted: by account, and by how
// it came out.
type AuditCount struct {
	UserID  string // empty where no account is known
	Outcome string
}

// CountedAfter returns what up to limit lines after a place in the log count
// for, and the last of them; that is the place itself where there are none.
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

// Surplus returns the last line that is one too many where so many of a count
// are kept, or zero.
func (q *Queries) Surplus(ctx context.Context, c AuditCount, keep int) (seq int64, err error) {
	err = q.one(ctx, "count the audit log", []any{&seq},
		`SELECT COALESCE((SELECT seq FROM audit WHERE user_id = $1 AND outcome = $2 ORDER BY seq DESC LIMIT 1 OFFSET $3), 0)`,
		c.UserID, c.Outcome, keep)
	return seq, err
}

// TrimAudit looks at up to limit lines of a count, from after one line on up to
// another, and removes them. The last that a person has not been told of stay. It
// returns the line that it came to, and whether there may be more after it.
func (q *Queries) TrimAudit(ctx context.Context, c AuditCount, after, upTo int64, limit int) (int64, bool, error) {
	const chosen = `SELECT seq FROM audit WHERE user_id = $1 AND outcome = $2 AND seq > $3 AND seq <= $4 ORDER BY seq LIMIT $5`
	args := []any{c.UserID, c.Outcome, after, upTo, limit}
	var last, looked int64
	if err := q.one(ctx, "read the audit log", []any{&last, &looked}, `SELECT COALESCE(MAX(seq), 0), COUNT(*) FROM (`+chosen+`) AS chosen`, args...); err != nil || looked == 0 {
		return after, false, err
	}
	_, err := q.exec(ctx, "trim the audit log",
		`DELETE FROM audit WHERE seq IN (`+chosen+`) AND NOT (`+untold+` AND seq >= COALESCE(
		   (SELECT seq FROM audit WHERE user_id = $6 AND event = '`+EventReplay+`' ORDER BY seq DESC LIMIT 1 OFFSET $7), 0))`,
		append(args, c.UserID, mostUntold-1)...)
	return last, looked == int64(limit), err
}

// DeleteAuditOf removes up to limit lines about a person, and returns how many.
func (q *Queries) DeleteAuditOf(ctx context.Context, userID string, limit int) (int64, error) {
	return q.exec(ctx, "delete a person's audit lines",
		`DELETE FROM audit WHERE seq IN (SELECT seq FROM audit WHERE user_id = $1 ORDER BY seq LIMIT $2)`, userID, limit)
}
