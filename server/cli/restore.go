package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"lychgate/server"
	"lychgate/server/audit"
	"lychgate/server/backup"
	"lychgate/server/cli/terminal"
	"lychgate/server/config"
	"lychgate/server/token"
)

type restoreCommand struct {
	sealed
	terminal.Output
	File string `arg:"" help:"The backup to restore."`
	Yes  bool   `name:"yes" help:"Do not ask."`
}

// Run replaces the database with a backup, after checking it and asking, and
// revokes every session.
func (r *restoreCommand) Run(p *process) error {
	settings := r.settings()
	if err := directoryFor(settings); err != nil {
		return err
	}
	prepared, err := backup.Restore(p.ctx, settings.DatabasePath(), r.File)
	if p.ctx.Err() != nil {
		return errors.New("interrupted; nothing was changed")
	}
	if err != nil {
		return fmt.Errorf("restore: %w", server.WhatToDo(err))
	}
	done, err := r.replace(p, settings, prepared)
	if err := errors.Join(err, prepared.Close()); err != nil {
		return err
	}
	said := []string{fmt.Sprintf("restored %s; all sessions are revoked (%d), so everybody has to sign in again", done.File, done.Revoked)}
	if done.Kept != "" {
		said = append(said, "the previous database is kept as "+done.Kept)
	}
	if prepared.Schema < prepared.Newest {
		said = append(said, fmt.Sprintf("its schema is %d: start the server, or run lychgate migrate, to bring it to %d", prepared.Schema, prepared.Newest))
	}
	return r.Say(p.Stdout, done, said...)
}

// restored says what a restore did.
type restored struct {
	File     string `json:"file"`
	Kept     string `json:"kept,omitempty"` // path of the previous database
	Accounts int    `json:"accounts"`
	Revoked  int64  `json:"revoked"` // sessions
	Schema   int64  `json:"schema"`
}

// directoryFor creates the data directory on a new machine. If the secret is
// kept in it, the directory must be there first.
func directoryFor(settings config.Config) error {
	if _, err := os.Stat(settings.DataDir); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if settings.Secret == "" {
		return fmt.Errorf("there is no %s: correct --data-dir; on a new machine, first put the secret of the backup there, or set LYCHGATE_SECRET", settings.SecretPath())
	}
	if err := os.MkdirAll(settings.DataDir, 0o700); err != nil {
		return fmt.Errorf("make the data directory: %w", err)
	}
	return nil
}

func (r *restoreCommand) replace(p *process, settings config.Config, prepared *backup.Restoring) (done restored, err error) {
	done.Schema = prepared.Schema
	if done.File, err = filepath.Abs(r.File); err != nil {
		return done, err
	}
	root, err := server.OpenRoot(p.ctx, settings, prepared.Copy)
	if err == nil {
		err = token.CheckSecret(p.ctx, prepared.Copy.Read(), root)
	}
	if err != nil {
		return done, fmt.Errorf("restore %s: %w", done.File, err)
	}
	if done.Accounts, err = prepared.Copy.Read().CountUsers(p.ctx); err != nil {
		return done, err
	}
	if !r.Yes {
		directory, err := filepath.Abs(settings.DataDir)
		if err != nil {
			return done, err
		}
		question := fmt.Sprintf("This replaces the database in %s with the backup %s (%s), and signs everybody out.", directory, done.File, terminal.Counted(done.Accounts, "account"))
		if err := p.Confirm(p.ctx, question, "restore", "nothing was changed. Type restore when asked, or give --yes"); err != nil {
			return done, err
		}
	}
	// From here on Ctrl-C comes too late: half a restore is none.
	ctx := context.WithoutCancel(p.ctx)
	now := time.Now()
	if done.Revoked, err = token.RevokeAll(ctx, prepared.Copy, root, now, audit.CommandLine()); err != nil {
		return done, err
	}
	done.Kept, err = prepared.Replace(ctx, now)
	if err != nil {
		return done, fmt.Errorf("restore: %w", err)
	}
	return done, nil
}
