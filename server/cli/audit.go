package cli

import (
	"fmt"
	"iter"
	"time"

	"lychgate/server/cli/terminal"
	"lychgate/server/store"
	"lychgate/server/user"
)

type auditLine struct {
	At        time.Time `json:"at"`
	Event     string    `json:"event"`
	Outcome   string    `json:"outcome"`
	Actor     string    `json:"actor,omitempty"`
	UserID    string    `json:"userId,omitempty"`
	SessionID string    `json:"sessionId,omitempty"`
	IP        string    `json:"ip,omitempty"`
	UserAgent string    `json:"userAgent,omitempty"`
}

func newAuditLine(l store.Line) auditLine {
	return auditLine{
		At: l.At, Event: l.Event, Outcome: l.Outcome, Actor: l.Actor,
		UserID: l.UserID, SessionID: l.SessionID, IP: l.IP, UserAgent: l.UserAgent,
	}
}

func newEventLine(e store.Event) auditLine { return newAuditLine(e.Line) }

// Columns are those of a table of audit lines.
func (l auditLine) Columns() []string {
	return []string{terminal.Stamp(l.At), l.Event, l.Outcome, l.UserID, l.SessionID, l.IP, l.UserAgent}
}

func auditList(lines iter.Seq2[terminal.Line, error]) terminal.List {
	return terminal.List{
		Name:    "events",
		Heading: []string{"TIME", "EVENT", "OUTCOME", "ACCOUNT", "SESSION", "ADDRESS", "DEVICE"},
		Lines:   lines,
	}
}

type auditCommand struct {
	installation
	terminal.Output
	User  string `name:"user" placeholder:"E" help:"Only what concerns the account with this e-mail address."`
	Since string `name:"since" placeholder:"WHEN" help:"Only what happened since: a duration such as 24h, or a time such as 2026-01-31T12:00:00Z."`
}

// Run shows the audit log, oldest line first.
func (a *auditCommand) Run(p *process) error {
	since, err := sinceWhen(a.Since, time.Now())
	if err != nil {
		return usageError{err}
	}
	return a.withAnyAccount(p, a.User, func(o user.Service, userID string) error {
		lines := o.Store.Read().AuditSince(p.ctx, since)
		if userID != "" {
			lines = o.Store.Read().AuditOf(p.ctx, userID, since)
		}
		return a.List(p.Stdout, auditList(terminal.Lines(lines, newAuditLine)))
	})
}

// sinceWhen parses --since; empty means from the beginning.
func sinceWhen(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if ago, err := time.ParseDuration(text); err == nil && ago >= 0 {
		return now.Add(-ago), nil
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, nil
	}
	return time.Time{}, fmt.Errorf("--since %q: it must be a duration such as 24h, or a time such as 2026-01-31T12:00:00Z", text)
}
