package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"lychgate/server"
	"lychgate/server/audit"
	"lychgate/server/password"
	"lychgate/server/store"
	"lychgate/server/user"
)

type userCreateCommand struct {
	installation
	passwords
	Email string `name:"email" required:"" argument:"" placeholder:"E" help:"The e-mail address to sign in with."`
	Name  string `name:"name" argument:"" placeholder:"N" help:"The person's name."`
}

// Run makes an account, with a password from a prompt or standard input.
func (u *userCreateCommand) Run(p *process) error {
	settings, err := u.settings(p, u.set)
	if err != nil {
		return err
	}
	var password string
	db, err := p.openOrInstall(settings, p.stdout, func(*store.Store) (err error) {
		password, err = p.password()
		return err
	})
	if err != nil {
		return err
	}
	return p.workOn(settings, db, func(service *server.Accounts) error {
		user, err := service.Passwords.Create(p.ctx, user.Credentials{Email: u.Email, Password: password}, u.Name, audit.CommandLine())
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(p.stdout, "created the account %s (%s)\n", user.Email, user.ID)
		return err
	})
}

type userSetPasswordCommand struct {
	installation
	passwords
	Email string `name:"email" required:"" argument:"" placeholder:"E" help:"The e-mail address of the account."`
}

// Run sets a password from a prompt or standard input, and ends all sessions.
func (u *userSetPasswordCommand) Run(p *process) error {
	settings, err := u.existing(p, u.set)
	if err != nil {
		return err
	}
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
		_, err = fmt.Fprintf(p.stdout, "set the password of %s; its sessions have ended\n", u.Email)
		return err
	})
}

// mostInput bounds what is read as a password: longer ones are refused.
const mostInput = 4*password.MaxLength + 2

// password asks for a password on a terminal, twice and without showing it,
// or reads it from standard input, less the line break at its end.
func (p *process) password() (string, error) {
	file, ok := p.stdin.(*os.File)
	if !ok || !p.onTerminal() {
		text, err := io.ReadAll(io.LimitReader(p.input(), mostInput))
		if err != nil {
			return "", fmt.Errorf("read the password from standard input: %w", err)
		}
		return strings.TrimSuffix(strings.TrimSuffix(string(text), "\n"), "\r"), nil
	}
	first, err := p.ask(file, "Password: ")
	if err != nil {
		return "", err
	}
	second, err := p.ask(file, "Once more: ")
	if err != nil {
		return "", err
	}
	if first != second {
		return "", errors.New("the two passwords differ; nothing was changed")
	}
	return first, nil
}

func (p *process) ask(terminal *os.File, prompt string) (string, error) {
	if _, err := fmt.Fprint(p.stderr, prompt); err != nil {
		return "", err
	}
	descriptor := int(terminal.Fd())
	before, err := term.GetState(descriptor)
	if err != nil {
		return "", fmt.Errorf("read the password: %w", err)
	}
	type line struct {
		text []byte
		err  error
	}
	read := make(chan line, 1)
	go func() {
		text, err := term.ReadPassword(descriptor)
		read <- line{text, err}
	}()
	select {
	case got := <-read:
		fmt.Fprintln(p.stderr)
		if got.err != nil {
			return "", fmt.Errorf("read the password: %w", got.err)
		}
		return string(got.text), nil
	case <-p.ctx.Done(): // Ctrl-C: what is typed must be seen again
		fmt.Fprintln(p.stderr)
		return "", errors.Join(errors.New("interrupted; nothing was changed"), term.Restore(descriptor, before))
	}
}
