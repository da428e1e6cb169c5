package store

import (
	"context"
	"database/sql"
	"time"
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
}

// Audit appends a line.
func (q *Queries) Audit(ctx context.Context, line AuditLine) error {
	_, err := q.exec(ctx, "write the audit log",
		`INSERT INTO audit (at, event, outcome, user_id, session_id, ip, user_agent) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		millis(line.At), line.Event, line.Outcome, line.UserID, line.SessionID, line.IP, line.UserAgent)
	return err
}

const selectAudit = `SELECT at, event, outcome, user_id, session_id, ip, user_agent FROM audit `

func (q *Queries) auditLines(ctx context.Context, where string, args ...any) ([]AuditLine, error) {
	return all(ctx, q, "read the audit log",
		func(rows *sql.Rows) (line AuditLine, err error) {
			var at int64
			err = rows.Scan(&at, &line.Event, &line.Outcome, &line.UserID, &line.SessionID, &line.IP, &line.UserAgent)
			line.At = fromMillis(at)
			return line, err
		}, selectAudit+where, args...)
}

// AuditOf returns the lines about a person since a time, the oldest first.
func (q *Queries) AuditOf(ctx context.Context, userID string, since time.Time) ([]AuditLine, error) {
	return q.auditLines(ctx, `WHERE user_id = $1 AND at >= $2 ORDER BY seq`, userID, millis(since))
}

// AuditSince returns the lines about everybody since a time, the oldest first.
func (q *Queries) AuditSince(ctx context.Context, since time.Time) ([]AuditLine, error) {
	return q.auditLines(ctx, `WHERE at >= $1 ORDER BY seq`, millis(since))
}

// Audited reports whether an event was recorded from one time to another, both
// included.
func (q *Queries) Audited(ctx context.Context, event string, from, to time.Time) (found bool, err error) {
	err = q.one(ctx, "look for an event", []any{&found},
		`SELECT EXISTS (SELECT 1 FROM audit WHERE event = $1 AND at >= $2 AND at <= $3)`, event, millis(from), millis(to))
	return found, err
}

// EventReplay is the event of a refresh token that was presented again when it
// no longer counted: somebody else may have it.
const EventReplay = "refresh_replay"

// Event is an audit line as its person sees it.
type Event struct {
	AuditLine
	Seq    int64 // grows with every line
	Untold bool  // the person should be told, and has not been
}

// EventsOf returns the last lines about a person, up to limit of successes and
// up to limit of failures, so that neither can push the others out of sight,
// and all that the person has not been told: the newest first.
func (q *Queries) EventsOf(ctx context.Context, userID string, limit int) ([]Event, error) {
	return all(ctx, q, "read a person's events",
		func(rows *sql.Rows) (e Event, err error) {
			var at int64
			err = rows.Scan(&e.Seq, &at, &e.Event, &e.Outcome, &e.UserID, &e.SessionID, &e.IP, &e.UserAgent, &e.Untold)
			e.At = fromMillis(at)
			return e, err
		},
		`SELECT seq, at, event, outcome, user_id, session_id, ip, user_agent,
		        event = $1 AND seq > (SELECT told_seq FROM users WHERE id = $2)
		 FROM audit WHERE seq IN (
		   SELECT seq FROM (SELECT seq FROM audit WHERE user_id = $3 AND outcome = 'success' ORDER BY seq DESC LIMIT $4) AS good
		   UNION
		   SELECT seq FROM (SELECT seq FROM audit WHERE user_id = $5 AND outcome = 'failure' ORDER BY seq DESC LIMIT $6) AS bad
		   UNION
		   SELECT seq FROM audit WHERE user_id = $7 AND event = $8 AND seq > (SELECT told_seq FROM users WHERE id = $9))
		 ORDER BY seq DESC`,
		EventReplay, userID, userID, limit, userID, limit, userID, EventReplay, userID)
}

// TellUser notes that a person has been told of all up to a line about them.
// It returns ErrNotFound where there is no such line.
func (q *Queries) TellUser(ctx context.Context, id string, seq int64) error {
	return one(q.exec(ctx, "note what a person was told",
		`UPDATE users SET told_seq = CASE WHEN told_seq < $1 THEN $2 ELSE told_seq END
		 WHERE id = $3 AND EXISTS (SELECT 1 FROM audit WHERE seq = $4 AND user_id = $5)`, seq, seq, id, seq, id))
}

// PruneAudit removes up to limit lines that were written before a time, the
// oldest first, and returns how many. What a person has not been told of yet
// stays.
func (q *Queries) PruneAudit(ctx context.Context, before time.Time, limit int) (int64, error) {
	return q.exec(ctx, "prune the audit log",
		`DELETE FROM audit WHERE seq IN (
		   SELECT seq FROM audit WHERE at < $1 AND NOT EXISTS (
		     SELECT 1 FROM users WHERE users.id = audit.user_id AND audit.event = $2 AND audit.seq > users.told_seq)
		   ORDER BY at LIMIT $3)`, millis(before), EventReplay, limit)
}

// DeleteAuditOf removes all lines about a person.
func (q *Queries) DeleteAuditOf(ctx context.Context, userID string) error {
	_, err := q.exec(ctx, "delete a person's audit lines", `DELETE FROM audit WHERE user_id = $1`, userID)
	return err
}
