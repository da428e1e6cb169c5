package cli

import (
	"errors"
	"fmt"
	"iter"
	"time"

	"lychgate/server/audit"
	"lychgate/server/cli/terminal"
	"lychgate/server/store"
	"lychgate/server/user"
)

type sessionLine struct {
	ID         string    `json:"id"`
	UserID     string    `json:"userId"`
	CreatedAt  time.Time `json:"createdAt"`
	LastSeenAt time.Time `json:"lastSeenAt"`
	IP         string    `json:"ip"`
	UserAgent  string    `json:"userAgent"`
}

func newSessionLine(s store.Session) sessionLine {
	return sessionLine{s.ID, s.UserID, s.CreatedAt, s.LastSeenAt, s.IP, s.UserAgent}
}

// Columns are those of a table of sessions.
func (s sessionLine) Columns() []string {
	return []string{s.ID, s.UserID, terminal.Stamp(s.CreatedAt), terminal.Stamp(s.LastSeenAt), s.IP, s.UserAgent}
}

func sessionList(sessions iter.Seq2[store.Session, error]) terminal.List {
	return terminal.List{
		Name:    "sessions",
		Heading: []string{"SESSION", "ACCOUNT", "SINCE", "LAST SEEN", "ADDRESS", "DEVICE"},
		Lines:   terminal.Lines(sessions, newSessionLine),
	}
}

type sessionListCommand struct {
	installation
	terminal.Output
	Email string `name:"email" placeholder:"E" help:"Only the sessions of the account with this e-mail address."`
}

// Run lists sessions, newest first. Some may have expired, because last-seen
// times are recorded only twice a minute.
func (s *sessionListCommand) Run(p *process) error {
	return s.withAnyAccount(p, s.Email, func(o user.Service, userID string) error {
		sessions := o.Store.Read().LiveSessions(p.ctx)
		if userID != "" {
			sessions = o.Store.Read().SessionsOf(p.ctx, userID)
		}
		return s.List(p.Stdout, sessionList(sessions))
	})
}

type sessionEndCommand struct {
	installation
	terminal.Output
	ID    string `arg:"" optional:"" help:"The id of the session, as lychgate session list shows it."`
	Email string `name:"email" placeholder:"E" help:"Revoke all sessions of the account with this e-mail address."`
}

// Run revokes one session, or all of an account.
func (s *sessionEndCommand) Run(p *process) error {
	ended := func(count int) error {
		return s.Say(p.Stdout, map[string]int{"ended": count}, "ended "+terminal.Counted(count, "session"))
	}
	switch {
	case (s.ID == "") == (s.Email == ""):
		return usageError{errors.New("give the id of a session, or --email to revoke all sessions of an account")}
	case s.ID == "":
		return s.withAccount(p, s.Email, func(o user.Service, user store.User) error {
			count, err := o.RevokeSessions(p.ctx, user.ID, audit.CommandLine())
			if err != nil {
				return err
			}
			return ended(count)
		})
	}
	return s.with(p, func(o user.Service) error {
		err := o.RevokeSession(p.ctx, s.ID, audit.CommandLine())
		if errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("there is no active session %q: lychgate session list shows those there are", s.ID)
		}
		if err != nil {
			return err
		}
		return ended(1)
	})
}
