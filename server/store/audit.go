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

// AuditOf returns the lines about a person, the oldest first.
func (q *Queries) AuditOf(ctx context.Context, userID string) ([]AuditLine, error) {
	return all(ctx, q, "read the audit log",
		func(rows *sql.Rows) (line AuditLine, err error) {
			var at int64
			err = rows.Scan(&at, &line.Event, &line.Outcome, &line.UserID, &line.SessionID, &line.IP, &line.UserAgent)
			line.At = fromMillis(at)
			return line, err
		},
		`SELECT at, event, outcome, user_id, session_id, ip, user_agent FROM audit WHERE user_id = $1 ORDER BY seq`, userID)
}
