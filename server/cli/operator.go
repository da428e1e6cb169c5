package cli

import (
	"errors"
	"fmt"
	"iter"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"lychgate/server"
	"lychgate/server/audit"
	"lychgate/server/config"
	"lychgate/server/store"
	"lychgate/server/token"
	"lychgate/server/user"
)

// email is the flag of commands about one account.
type email struct {
	Email string `name:"email" required:"" argument:"" placeholder:"E" help:"The e-mail address of the account."`
}

type userLine struct {
	ID            string    `json:"id"`
	Email         string    `json:"email"`
	EmailVerified bool      `json:"emailVerified"`
	Name          string    `json:"name"`
	CreatedAt     time.Time `json:"createdAt"`
	Disabled      bool      `json:"disabled"`
}

func newUserLine(u store.User) userLine {
	return userLine{u.ID, u.Email, u.EmailVerified, u.Name, u.CreatedAt, u.Disabled}
}

func (u userLine) state() string {
	if u.Disabled {
		return "disabled"
	}
	return "active"
}

type userListCommand struct {
	installation
	output
}

func (u userLine) columns() []string {
	return []string{u.Email, u.Name, u.state(), stamp(u.CreatedAt), u.ID}
}

// Run lists the accounts, by e-mail address.
func (u *userListCommand) Run(p *process) error {
	return u.with(p, func(o user.Service) error {
		return list(p, u.output, []string{"E-MAIL", "NAME", "STATE", "CREATED", "ID"}, each(o.Store.Read().Users(p.ctx), newUserLine))
	})
}

type userShowCommand struct {
	installation
	email
	output
}

// lastEvents is how many successes and how many failures are shown of an
// account.
const lastEvents = 10

// Run shows an account.
func (u *userShowCommand) Run(p *process) error {
	return u.withAccount(p, u.Email, func(o user.Service, user store.User) error {
		events, err := o.Store.Read().EventsOf(p.ctx, user.ID, lastEvents) // the newest first
		if err != nil {
			return err
		}
		last := func(yield func(auditLine, error) bool) {
			for _, event := range events {
				if !yield(newAuditLine(event.Line), nil) {
					return
				}
			}
		}
		return u.show(p, newUserLine(user), each(o.Store.Read().SessionsOf(p.ctx, user.ID), newSessionLine), last)
	})
}

func (u *userShowCommand) show(p *process, user userLine, sessions iter.Seq2[sessionLine, error], events iter.Seq2[auditLine, error]) error {
	l := u.lister(p)
	steps := []func() error{
		func() error {
			table := newTable(l.to)
			row(table, "E-MAIL", user.Email)
			row(table, "VERIFIED", map[bool]string{true: "yes", false: "no"}[user.EmailVerified])
			row(table, "NAME", user.Name)
			row(table, "STATE", user.state())
			row(table, "CREATED", stamp(user.CreatedAt))
			row(table, "ID", user.ID)
			row(table, "")
			return table.Flush()
		},
		func() error { return listInto(l, sessionHeading, sessions) },
		func() error { return l.to.WriteByte('\n') },
		func() error { return listInto(l, auditHeading, events) },
		l.to.Flush,
	}
	if l.json != nil {
		steps = []func() error{
			func() error { return l.json.WriteToken(jsontext.BeginObject) },
			func() error { return members(l.json, user) },
			func() error { return l.json.WriteToken(jsontext.String("sessions")) },
			func() error { return listInto(l, nil, sessions) },
			func() error { return l.json.WriteToken(jsontext.String("events")) },
			func() error { return listInto(l, nil, events) },
			func() error { return l.json.WriteToken(jsontext.EndObject) },
			l.to.Flush,
		}
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

type userDisableCommand struct {
	installation
	email
	output
}

// Run keeps a person from signing in, and ends their sessions.
func (u *userDisableCommand) Run(p *process) error {
	return u.withAccount(p, u.Email, func(o user.Service, user store.User) error {
		if err := o.Disable(p.ctx, user.ID, audit.CommandLine()); err != nil {
			return err
		}
		user.Disabled = true
		return u.print(p, newUserLine(user), func(table *tabwriter.Writer) {
			row(table, "disabled "+user.Email+"; its sessions have ended")
		})
	})
}

type userEnableCommand struct {
	installation
	email
	output
}

// Run lets a person sign in again.
func (u *userEnableCommand) Run(p *process) error {
	return u.withAccount(p, u.Email, func(o user.Service, user store.User) error {
		if err := o.Enable(p.ctx, user.ID, audit.CommandLine()); err != nil {
			return err
		}
		user.Disabled = false
		return u.print(p, newUserLine(user), func(table *tabwriter.Writer) { row(table, "enabled "+user.Email) })
	})
}

type userDeleteCommand struct {
	installation
	email
	output
	Yes bool `name:"yes" argument:"" help:"Do not ask."`
}

// Run deletes an account and all that is the person's, after asking.
func (u *userDeleteCommand) Run(p *process) error {
	return u.withAccount(p, u.Email, func(o user.Service, user store.User) error {
		if !u.Yes {
			err := p.confirm("This deletes the account for good.", user.Email, "nothing was deleted. Type the account's e-mail address when asked, or give --yes")
			if err != nil {
				return err
			}
		}
		if err := o.Delete(p.ctx, user, audit.CommandLine()); err != nil {
			return err
		}
		return u.print(p, newUserLine(user), func(table *tabwriter.Writer) {
			row(table, "deleted "+user.Email+" and all that was this person's")
		})
	})
}

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

var sessionHeading = []string{"SESSION", "ACCOUNT", "SINCE", "LAST SEEN", "ADDRESS", "DEVICE"}

func (s sessionLine) columns() []string {
	return []string{s.ID, s.UserID, stamp(s.CreatedAt), stamp(s.LastSeenAt), s.IP, s.UserAgent}
}

type sessionListCommand struct {
	installation
	output
	Email string `name:"email" argument:"" placeholder:"E" help:"Only those of this account."`
}

// Run lists sessions, the newest first. Some may have lapsed since they were
// last seen, which is written down twice a minute.
func (s *sessionListCommand) Run(p *process) error {
	show := func(sessions iter.Seq2[store.Session, error]) error {
		return list(p, s.output, sessionHeading, each(sessions, newSessionLine))
	}
	if s.Email == "" {
		return s.with(p, func(o user.Service) error { return show(o.Store.Read().LiveSessions(p.ctx)) })
	}
	return s.withAccount(p, s.Email, func(o user.Service, user store.User) error {
		return show(o.Store.Read().SessionsOf(p.ctx, user.ID))
	})
}

type sessionEndCommand struct {
	installation
	output
	ID    string `arg:"" optional:"" help:"The id of the session, as session list shows it."`
	Email string `name:"email" argument:"" placeholder:"E" help:"End all sessions of this account."`
}

// Run ends one session, or all of an account.
func (s *sessionEndCommand) Run(p *process) error {
	ended := func(count int) error {
		return s.print(p, map[string]int{"ended": count}, func(table *tabwriter.Writer) {
			row(table, "ended "+strconv.Itoa(count)+map[bool]string{true: " session", false: " sessions"}[count == 1])
		})
	}
	switch {
	case (s.ID == "") == (s.Email == ""):
		return usageError{errors.New("give the id of a session, or --email for all of an account")}
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
			return fmt.Errorf("there is no session %q that has not ended: see session list", s.ID)
		}
		if err != nil {
			return err
		}
		return ended(1)
	})
}

type keyLine struct {
	ID        string     `json:"id"`
	CreatedAt time.Time  `json:"createdAt"`
	Signs     bool       `json:"signs"`
	SignsFrom time.Time  `json:"signsFrom"`
	RetiresAt *time.Time `json:"retiresAt,omitempty"`
}

func (o output) printKeys(p *process, keys *token.Keys) error {
	list := []keyLine{}
	for _, key := range keys.Infos() {
		line := keyLine{ID: key.ID, CreatedAt: key.CreatedAt, Signs: key.Signs, SignsFrom: key.SignsFrom}
		if !key.RetiresAt.IsZero() {
			line.RetiresAt = &key.RetiresAt
		}
		list = append(list, line)
	}
	return o.print(p, list, func(table *tabwriter.Writer) {
		row(table, "KEY", "CREATED", "USE")
		for _, key := range list {
			use := "verifies"
			if key.Signs {
				use = "signs and verifies"
			} else if key.RetiresAt == nil {
				use = "signs from " + stamp(key.SignsFrom)
			}
			if key.RetiresAt != nil {
				use += ", until " + stamp(*key.RetiresAt) + " at the latest"
			}
			row(table, key.ID, stamp(key.CreatedAt), use)
		}
	})
}

// keyFlags are the flags of commands about keys.
type keyFlags struct {
	installation
	output
	AccessTTL string `name:"access-ttl" default:"15m" placeholder:"D" help:"Life of an access token, as the server has it: that long the key before still verifies. (${default})"`
}

func (k *keyFlags) set(flags *config.Flags) { flags.AccessTTL = k.AccessTTL }

type keyListCommand struct{ keyFlags }

// Run lists the signing keys, the newest first.
func (k *keyListCommand) Run(p *process) error {
	settings, err := k.existing(p, k.set)
	if err != nil {
		return err
	}
	return p.withAccounts(settings, func(service *server.Accounts) error { return k.printKeys(p, service.Keys) })
}

type keyRotateCommand struct{ keyFlags }

// Run makes a new signing key, and lists them all.
func (k *keyRotateCommand) Run(p *process) error {
	settings, err := k.existing(p, k.set)
	if err != nil {
		return err
	}
	return p.withAccounts(settings, func(service *server.Accounts) error {
		if _, err := service.Keys.Rotate(p.ctx, audit.CommandLine()); err != nil {
			return err
		}
		return k.printKeys(p, service.Keys)
	})
}

type auditLine struct {
	At        time.Time `json:"at"`
	Event     string    `json:"event"`
	Outcome   string    `json:"outcome"`
	UserID    string    `json:"userId,omitempty"`
	SessionID string    `json:"sessionId,omitempty"`
	IP        string    `json:"ip,omitempty"`
	UserAgent string    `json:"userAgent,omitempty"`
	Actor     string    `json:"actor,omitempty"`
}

func newAuditLine(l store.Line) auditLine {
	return auditLine{At: l.At, Event: l.Event, Outcome: l.Outcome, Actor: l.Actor, UserID: l.UserID, SessionID: l.SessionID, IP: l.IP, UserAgent: l.UserAgent}
}

var auditHeading = []string{"TIME", "EVENT", "OUTCOME", "ACCOUNT", "SESSION", "ADDRESS", "DEVICE"}

func (l auditLine) columns() []string {
	return []string{stamp(l.At), l.Event, l.Outcome, l.UserID, l.SessionID, l.IP, l.UserAgent}
}

type auditCommand struct {
	installation
	output
	User  string `name:"user" argument:"" placeholder:"E" help:"Only what is about the account of this e-mail address."`
	Since string `name:"since" argument:"" placeholder:"WHEN" help:"Only what happened since: a duration such as 24h, or a time such as 2026-01-31T12:00:00Z."`
}

// Run shows the audit log, the oldest line first.
func (a *auditCommand) Run(p *process) error {
	since, err := sinceWhen(a.Since, time.Now())
	if err != nil {
		return usageError{err}
	}
	show := func(lines iter.Seq2[store.Line, error]) error {
		return list(p, a.output, auditHeading, each(lines, newAuditLine))
	}
	if a.User == "" {
		return a.with(p, func(o user.Service) error { return show(o.Store.Read().AuditSince(p.ctx, since)) })
	}
	return a.withAccount(p, a.User, func(o user.Service, user store.User) error {
		return show(o.Store.Read().AuditOf(p.ctx, user.ID, since))
	})
}

// sinceWhen reads --since: nothing is the beginning of time.
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
