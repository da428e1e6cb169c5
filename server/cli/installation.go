package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode/utf16"

	"lychgate/server"
	"lychgate/server/config"
	"lychgate/server/store"
	"lychgate/server/user"
)

// settings returns the checked settings of an installation.
func (i *installation) settings(p *process, more ...func(*config.Flags)) (config.Config, error) {
	flags, flagsErr := i.flags(p)
	for _, set := range more {
		set(&flags)
	}
	settings, faults := config.Check(flags)
	if err := errors.Join(flagsErr, faults); err != nil {
		return config.Config{}, usageError{err}
	}
	return settings, nil
}

// existing is settings for an installation that must be there: a mistyped
// directory must not become a new one.
func (i *installation) existing(p *process, more ...func(*config.Flags)) (config.Config, error) {
	settings, err := i.settings(p, more...)
	if err != nil {
		return config.Config{}, err
	}
	if _, err := os.Stat(settings.DatabasePath()); errors.Is(err, fs.ErrNotExist) {
		return config.Config{}, fmt.Errorf("there is no installation in %s (no %s): correct --data-dir, or start the server there first", settings.DataDir, settings.DatabasePath())
	}
	return settings, nil
}

// withAccounts opens an installation that exists, with its secret, for a piece
// of work.
func (p *process) withAccounts(settings config.Config, work func(*server.Accounts) error) error {
	db, err := p.open(settings)
	if err != nil {
		return err
	}
	return p.workOn(settings, db, work)
}

// workOn does a piece of work with the secret of an installation that is open,
// and closes it.
func (p *process) workOn(settings config.Config, db *store.Store, work func(*server.Accounts) error) (err error) {
	defer func() { err = errors.Join(err, db.Close()) }()
	service, err := server.NewAccounts(p.ctx, settings, db, server.Environment{Log: discard(), Now: time.Now})
	if err != nil {
		return err
	}
	return work(service)
}

// open opens the database of an installation that exists, as it is.
func (p *process) open(settings config.Config) (*store.Store, error) {
	db, err := p.opener().AsIs(p.ctx, settings.DatabasePath())
	return db, server.WhatToDo(err)
}

// opener says on standard error what it waits for.
func (p *process) opener() store.Opener {
	return store.Opener{Waits: func(what string) { fmt.Fprintf(p.stderr, "lychgate: %s\n", what) }}
}

// openOrInstall opens an installation, or makes one where there is none, with a
// word about where: the directory may have been mistyped, so a person at a
// terminal is asked first. What the work needs is read by input before anything
// is made; the store it is given is nil where there is none yet.
func (p *process) openOrInstall(settings config.Config, say io.Writer, input func(*store.Store) error) (*store.Store, error) {
	db, err := p.open(settings)
	missing := errors.Is(err, fs.ErrNotExist)
	if err != nil && !missing {
		return nil, err
	}
	directory, err := filepath.Abs(settings.DataDir)
	if err != nil {
		return nil, err
	}
	if missing && p.onTerminal() {
		question := "There is no installation in " + directory + "; this makes a new one there."
		if err := p.confirm(question, "yes", "nothing was made. Correct --data-dir, or type yes when asked"); err != nil {
			return nil, err
		}
	}
	if err := input(db); err != nil {
		if db != nil {
			err = errors.Join(err, db.Close())
		}
		return nil, err
	}
	if !missing {
		return db, nil
	}
	if err := os.MkdirAll(directory, 0o700); err != nil {
		return nil, fmt.Errorf("make the data directory: %w", err)
	}
	if db, err = p.opener().Migrated(p.ctx, settings.DatabasePath()); err != nil {
		return nil, server.WhatToDo(err)
	}
	fmt.Fprintf(say, "made a new installation in %s\n", directory)
	return db, nil
}

// with opens the database of an installation that exists, for a piece of work
// that needs no secret.
func (i *installation) with(p *process, work func(user.Service) error) (err error) {
	settings, err := i.existing(p)
	if err != nil {
		return err
	}
	db, err := p.open(settings)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return work(user.Service{Store: db, Now: time.Now})
}

// withAccount is with for the account of an e-mail address.
func (i *installation) withAccount(p *process, email string, work func(user.Service, store.User) error) error {
	return i.with(p, func(o user.Service) error {
		user, err := o.ByEmail(p.ctx, email)
		if errors.Is(err, store.ErrNotFound) {
			return noAccount(email)
		}
		if err != nil {
			return err
		}
		return work(o, user)
	})
}

func noAccount(email string) error {
	return fmt.Errorf("there is no account with the e-mail address %q", email)
}

// output are the flags of commands that print what programs may read too.
type output struct {
	JSON bool `name:"json" argument:"" help:"Print JSON."`
}

// print prints a value as JSON, or else as text says.
func (o output) print(p *process, value any, text func(*tabwriter.Writer)) error {
	if o.JSON {
		encoded, err := json.MarshalIndent(value, "", "  ")
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(p.stdout, printableJSON(string(encoded)))
		return err
	}
	table := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	text(table)
	return table.Flush()
}

// row prints a row of a table. What strangers chose, such as a user agent,
// cannot act on the terminal: control characters are shown as \x1b is.
func row(table *tabwriter.Writer, columns ...string) {
	for i, column := range columns {
		columns[i] = printable(column)
	}
	fmt.Fprintln(table, strings.Join(columns, "\t")) // Flush tells of failures
}

func printable(text string) string {
	var plain strings.Builder
	for _, r := range text {
		if strconv.IsPrint(r) {
			plain.WriteRune(r)
		} else {
			quoted := strconv.QuoteRuneToASCII(r)
			plain.WriteString(quoted[1 : len(quoted)-1])
		}
	}
	return plain.String()
}

// printableJSON is printable for JSON: the characters that it escapes can only
// stand in strings.
func printableJSON(encoded string) string {
	var plain strings.Builder
	for _, r := range encoded {
		if strconv.IsPrint(r) || r == '\n' {
			plain.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&plain, `\u%04x`, unit)
		}
	}
	return plain.String()
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
