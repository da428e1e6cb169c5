package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"lychgate/server"
	"lychgate/server/config"
	"lychgate/server/store"
	"lychgate/server/user"
)

// installation is the group of commands that work on an installation.
type installation struct{ config.Installation }

// sealed is the group of commands that also need the secret of the
// installation.
type sealed struct {
	installation
	config.Secrets
}

// settings returns the settings of the installation, and the defaults of all
// others.
func (i *installation) settings() config.Config {
	settings := config.Default()
	settings.Installation = i.Installation
	return settings
}

// settings returns the settings of the installation with its secret, and the
// defaults of all others.
func (s *sealed) settings() config.Config {
	settings := s.installation.settings()
	settings.Secrets = s.Secrets
	return settings
}

// mustExist returns an error if there is no installation: a mistyped directory
// must not become a new one.
func (i *installation) mustExist() error {
	if _, err := os.Stat(i.DatabasePath()); errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("there is no installation in %s (no %s): correct --data-dir, or start the server there first", i.DataDir, i.DatabasePath())
		if former := formerData(i.Installation); former != "" {
			err = fmt.Errorf("%w; %s", err, former)
		}
		return err
	}
	return nil
}

// withAccounts opens an existing installation, with its secret, for a piece of
// work.
func (p *process) withAccounts(settings config.Config, work func(*server.Accounts) error) error {
	db, err := p.open(settings)
	if err != nil {
		return err
	}
	return p.workOn(settings, db, work)
}

// workOn does a piece of work with the secret of an open installation, and
// closes it.
func (p *process) workOn(settings config.Config, db *store.Store, work func(*server.Accounts) error) (err error) {
	defer func() { err = errors.Join(err, db.Close()) }()
	service, err := server.NewAccounts(p.ctx, settings, db, server.Environment{Log: discard(), Now: time.Now})
	if err != nil {
		return err
	}
	return work(service)
}

// open opens the database of an existing installation as it is.
func (p *process) open(settings config.Config) (*store.Store, error) {
	db, err := p.opener().AsIs(p.ctx, settings.DatabasePath())
	return db, server.WhatToDo(err)
}

// opener says on standard error what it waits for.
func (p *process) opener() store.Opener {
	return store.Opener{Waits: func(what string) { fmt.Fprintf(p.Stderr, "lychgate: %s\n", what) }}
}

// openOrInstall opens an installation, or creates one if there is none, and then
// says where: the directory may be mistyped, so a person at a terminal is asked
// first. What the work needs is read by input before anything is created; the
// store it is given is nil if there is none yet.
func (p *process) openOrInstall(settings config.Config, say io.Writer, input func(*store.Store) error) (*store.Store, error) {
	db, err := p.open(settings)
	missing := errors.Is(err, fs.ErrNotExist)
	if err != nil && !missing {
		return nil, err
	}
	if former := formerData(settings.Installation); former != "" {
		fmt.Fprintf(p.Stderr, "lychgate: warning: %s\n", former)
	}
	directory, err := filepath.Abs(settings.DataDir)
	if err != nil {
		return nil, err
	}
	if missing && p.Interactive() {
		question := "There is no installation in " + directory + "; this makes a new one there."
		if err := p.Confirm(p.ctx, question, "yes", "nothing was made. Correct --data-dir, or type yes when asked"); err != nil {
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
	if err := server.MakeDataDir(directory); err != nil {
		return nil, err
	}
	if db, _, err = p.opener().Migrate(p.ctx, settings.DatabasePath()); err != nil {
		return nil, server.WhatToDo(err)
	}
	fmt.Fprintf(say, "made a new installation in %s\n", directory)
	return db, nil
}

// with opens the database of an existing installation, for a piece of work that
// needs no secret.
func (i *installation) with(p *process, work func(user.Service) error) (err error) {
	if err := i.mustExist(); err != nil {
		return err
	}
	db, err := p.open(i.settings())
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

// withAnyAccount is withAccount, or with if there is no e-mail address: then the id
// of the account is empty, and the work is about all of them.
func (i *installation) withAnyAccount(p *process, email string, work func(o user.Service, userID string) error) error {
	if email == "" {
		return i.with(p, func(o user.Service) error { return work(o, "") })
	}
	return i.withAccount(p, email, func(o user.Service, user store.User) error { return work(o, user.ID) })
}

func noAccount(email string) error {
	return fmt.Errorf("there is no account with the e-mail address %q", email)
}
