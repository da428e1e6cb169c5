package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"lychgate/server"
	"lychgate/server/audit"
	"lychgate/server/cli/terminal"
	"lychgate/server/config"
	"lychgate/server/password"
	"lychgate/server/store"
	"lychgate/server/user"
)

type userLine struct {
	ID            string    `json:"id"`
	Email         string    `json:"email"`
	EmailVerified bool      `json:"emailVerified"`
	Name          string    `json:"name"`
	CreatedAt     time.Time `json:"createdAt"`
	Disabled      bool      `json:"disabled"`
	Role          string    `json:"role"`
}

func newUserLine(u store.User) userLine {
	return userLine{u.ID, u.Email, u.EmailVerified, u.Name, u.CreatedAt, u.Disabled, u.Role}
}

// Columns are those of a table of accounts.
func (u userLine) Columns() []string {
	return []string{u.Email, u.Name, u.state(), terminal.Stamp(u.CreatedAt), u.ID}
}

func (u userLine) state() string {
	if u.Disabled {
		return "disabled"
	}
	return "active"
}

// account is the flag of commands about one account.
type account struct {
	Email string `name:"email" required:"" placeholder:"E" help:"The e-mail address of the account."`
}

type userCreateCommand struct {
	sealed
	config.Passwords
	terminal.Output
	Email string `name:"email" required:"" placeholder:"E" help:"The e-mail address to sign in with."`
	Name  string `name:"name" placeholder:"N" help:"The person's name."`
}

// Run creates an account, with a password from a prompt or standard input.
func (u *userCreateCommand) Run(p *process) error {
	settings := u.settings()
	settings.Passwords = u.Passwords
	who := user.Credentials{Email: u.Email}
	db, err := p.openOrInstall(settings, p.aside(u.Output), func(*store.Store) (err error) {
		if who.Password, err = p.password(); err != nil {
			return err
		}
		// A refused account must not leave a new installation behind.
		rules := user.Passwords{Users: user.Service{Now: time.Now}, Policy: password.Policy{MinLength: u.PasswordMin}}
		_, err = rules.New(who, u.Name)
		return err
	})
	if err != nil {
		return err
	}
	return p.workOn(settings, db, func(service *server.Accounts) error {
		user, err := service.Passwords.Create(p.ctx, who, u.Name, audit.CommandLine())
		if err != nil {
			return err
		}
		return u.Say(p.Stdout, newUserLine(user), fmt.Sprintf("created the account %s (%s)", user.Email, user.ID))
	})
}

// aside returns where a command says what is not its result.
func (p *process) aside(output terminal.Output) io.Writer {
	if output.JSON {
		return p.Stderr
	}
	return p.Stdout
}

// password reads a new password, bounded: longer ones are refused anyway.
func (p *process) password() (string, error) {
	return p.Password(p.ctx, 4*password.MaxLength+2)
}

type userSetPasswordCommand struct {
	sealed
	config.Passwords
	terminal.Output
	account
}

// Run sets a password from a prompt or standard input, and revokes all sessions.
func (u *userSetPasswordCommand) Run(p *process) error {
	if err := u.mustExist(); err != nil {
		return err
	}
	settings := u.settings()
	settings.Passwords = u.Passwords
	return p.withAccounts(settings, func(service *server.Accounts) error {
		password, err := p.password()
		if err != nil {
			return err
		}
		account, err := service.Passwords.Users.ByEmail(p.ctx, u.Email)
		if errors.Is(err, store.ErrNotFound) {
			return noAccount(u.Email)
		}
		if err == nil {
			err = service.Passwords.Set(p.ctx, account, password, audit.CommandLine())
		}
		if err != nil {
			return err
		}
		return u.Say(p.Stdout, newUserLine(account), fmt.Sprintf("set the password of %s; its sessions are revoked", account.Email))
	})
}

type userImportCommand struct {
	sealed
	terminal.Output
	File string `arg:"" help:"JSON lines {\"email\", \"name\", \"passwordHash\", \"emailVerified\"} with bcrypt hashes; - is standard input."`
}

// Run creates an account for each line, or none at all.
func (u *userImportCommand) Run(p *process) (err error) {
	settings := u.settings()
	lines := p.Input(p.ctx)
	if u.File != "-" {
		file, err := os.Open(u.File)
		if err != nil {
			return err
		}
		defer file.Close() //nolint:errcheck // it was read only
		lines = file
	}
	var read user.Import
	db, err := p.openOrInstall(settings, p.aside(u.Output), func(db *store.Store) (err error) {
		read, err = user.ReadImport(lines, time.Now(), func(email string) (bool, error) {
			if db == nil {
				return false, nil
			}
			return user.Service{Store: db}.Exists(p.ctx, email)
		})
		return err
	})
	if err != nil {
		return err
	}
	return p.workOn(settings, db, func(service *server.Accounts) error {
		count, err := user.Service{Store: service.Store, Now: time.Now}.Import(p.ctx, read, audit.CommandLine())
		if err != nil {
			return err
		}
		return u.Say(p.Stdout, map[string]int{"imported": count}, "imported "+terminal.Counted(count, "account"))
	})
}

type userListCommand struct {
	installation
	terminal.Output
}

// Run lists the accounts, by e-mail address.
func (u *userListCommand) Run(p *process) error {
	return u.with(p, func(o user.Service) error {
		return u.List(p.Stdout, terminal.List{
			Heading: []string{"E-MAIL", "NAME", "STATE", "CREATED", "ID"},
			Lines:   terminal.Lines(o.Store.Read().Users(p.ctx), newUserLine),
		})
	})
}

type userShowCommand struct {
	installation
	account
	terminal.Output
}

// lastEvents is how many successes and how many failures are shown of an
// account.
const lastEvents = 10

// Run shows an account.
func (u *userShowCommand) Run(p *process) error {
	return u.withAccount(p, u.Email, func(o user.Service, user store.User) error {
		events, err := o.Store.Read().EventsOf(p.ctx, user.ID, lastEvents) // newest first
		if err != nil {
			return err
		}
		line := newUserLine(user)
		return u.Show(p.Stdout, line, [][2]string{
			{"E-MAIL", user.Email},
			{"VERIFIED", map[bool]string{true: "yes", false: "no"}[user.EmailVerified]},
			{"NAME", user.Name},
			{"STATE", line.state()},
			{"CREATED", terminal.Stamp(user.CreatedAt)},
			{"ID", user.ID},
		},
			sessionList(o.Store.Read().SessionsOf(p.ctx, user.ID)),
			auditList(terminal.LinesOf(events, newEventLine)))
	})
}

// userChangeCommand is the shape of commands that change an account.
type userChangeCommand struct {
	installation
	account
	terminal.Output
}

// change does a piece of work on the account, and prints the account; done brings
// it up to date and says in a line what happened.
func (u *userChangeCommand) change(p *process, work func(user.Service, store.User) error, done func(*store.User) string) error {
	return u.withAccount(p, u.Email, func(o user.Service, user store.User) error {
		if err := work(o, user); err != nil {
			return err
		}
		said := done(&user)
		return u.Say(p.Stdout, newUserLine(user), said)
	})
}

type userDisableCommand struct{ userChangeCommand }

// Run keeps a person from signing in, and revokes their sessions.
func (u *userDisableCommand) Run(p *process) error {
	disable := func(o user.Service, user store.User) error { return o.Disable(p.ctx, user.ID, audit.CommandLine()) }
	return u.change(p, disable, func(user *store.User) string {
		user.Disabled = true
		return "disabled " + user.Email + "; its sessions are revoked"
	})
}

type userEnableCommand struct{ userChangeCommand }

// Run lets a person sign in again.
func (u *userEnableCommand) Run(p *process) error {
	enable := func(o user.Service, user store.User) error { return o.Enable(p.ctx, user.ID, audit.CommandLine()) }
	return u.change(p, enable, func(user *store.User) string {
		user.Disabled = false
		return "enabled " + user.Email
	})
}

type userRoleCommand struct {
	userChangeCommand
	Role string `name:"role" required:"" oneof:"user,admin" placeholder:"ROLE" help:"user or admin."`
}

// Run gives an account a role.
func (u *userRoleCommand) Run(p *process) error {
	set := func(o user.Service, user store.User) error {
		return o.SetRole(p.ctx, user.ID, u.Role, audit.CommandLine())
	}
	return u.change(p, set, func(user *store.User) string {
		p.warnOfUnverified(*user)
		user.Role = u.Role
		return user.Email + " has the role " + u.Role
	})
}

// warnOfUnverified warns before much is entrusted to an account whose address may
// be somebody else's.
func (p *process) warnOfUnverified(user store.User) {
	if !user.EmailVerified {
		fmt.Fprintf(p.Stderr, "lychgate: warning: the address %s is not verified: this account may not belong to the owner of the address\n", user.Email)
	}
}

type userDeleteCommand struct {
	userChangeCommand
	Yes bool `name:"yes" help:"Do not ask."`
}

// Run deletes an account and all of the person's data, after asking.
func (u *userDeleteCommand) Run(p *process) error {
	remove := func(o user.Service, user store.User) error {
		if !u.Yes {
			err := p.Confirm(p.ctx, "This deletes the account for good.", user.Email, "nothing was deleted. Type the account's e-mail address when asked, or give --yes")
			if err != nil {
				return err
			}
		}
		return o.Delete(p.ctx, user, audit.CommandLine())
	}
	return u.change(p, remove, func(user *store.User) string {
		return "deleted " + user.Email + " and all of this person's data"
	})
}
