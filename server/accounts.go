package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"time"

	"lychgate/server/config"
	"lychgate/server/database"
	"lychgate/server/limit"
	"lychgate/server/memory"
	"lychgate/server/origin"
	"lychgate/server/password"
	"lychgate/server/secret"
	"lychgate/server/session"
	"lychgate/server/store"
	"lychgate/server/token"
	"lychgate/server/user"
)

// Accounts is what an installation keeps, opened with its secret: as much of the
// server as the command line needs beside a running one.
type Accounts struct {
	Store     *store.Store
	Keys      *token.Keys
	Passwords *user.Passwords

	root secret.Root
}

// OpenAccounts opens the database and the secret of an installation, making both
// when there are none and bringing the schema up to date; the caller closes the
// store.
func OpenAccounts(ctx context.Context, c config.Config, env Environment) (*Accounts, error) {
	if err := MakeDataDir(c.DataDir); err != nil {
		return nil, err
	}
	opener := store.Opener{Waits: func(what string) { env.Log.Warn(what) }}
	db, _, err := opener.Migrate(ctx, c.DatabasePath())
	if err != nil {
		return nil, WhatToDo(err)
	}
	accounts, err := NewAccounts(ctx, c, db, env)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return accounts, nil
}

// NewAccounts is OpenAccounts over a store that is open already.
func NewAccounts(ctx context.Context, c config.Config, db *store.Store, env Environment) (*Accounts, error) {
	root, err := OpenRoot(ctx, c, db)
	if err != nil {
		return nil, WhatToDo(err)
	}
	keys, err := token.LoadKeys(ctx, db, root, c.AccessTTL, env.Now)
	if err != nil {
		return nil, err
	}
	hasher := password.NewHasher(root, c.BcryptCost, max(1, env.HashWorkers))
	if env.OnHash != nil {
		hasher.Observe(env.OnHash)
	}
	return &Accounts{Store: db, Keys: keys, root: root, Passwords: &user.Passwords{
		Users:  user.Service{Store: db, Now: env.Now},
		Hasher: hasher,
		Policy: password.Policy{MinLength: c.PasswordMin},
		Limits: limit.New(limit.Rate(c.LoginAttempts), limit.Rate(c.RegisterAttempts), env.Now),
		Log:    env.Log,
	}}, nil
}

// Sessions returns the sessions of an installation, whose access tokens an origin
// issues. Settle is still missing.
func (a *Accounts) Sessions(c config.Config, issuer origin.Origin, env Environment) *session.Service {
	return &session.Service{
		Store:         a.Store,
		AccessTokens:  token.NewAccess(a.Keys, issuer.String(), c.AccessTTL, env.Now),
		RefreshTokens: token.NewRefresh(a.root),
		Revoked:       session.NewRevoked(c.AccessTTL + token.Leeway),
		LastSeen:      session.NewLastSeen(),
		Began:         memory.NewRows[time.Time](session.RememberedSessions),
		Idle:          c.SessionIdle,
		Max:           c.SessionMax,
		Grace:         c.RefreshGrace,
		AccessTTL:     c.AccessTTL,
		Limit:         c.SessionLimit,
		Now:           env.Now,
		Log:           env.Log,
	}
}

// MakeDataDir makes the data directory if it is missing.
func MakeDataDir(path string) error {
	err := os.MkdirAll(path, 0o700)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrPermission):
		err = fmt.Errorf("%w: make it as root and give it to the user that runs lychgate (mkdir, chown), or choose another one with --data-dir", err)
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.EINVAL):
		err = fmt.Errorf("%w: no directory can have this name there; choose another one with --data-dir", err)
	default:
		err = WhatToDo(err)
	}
	return fmt.Errorf("make the data directory: %w", err)
}

// WhatToDo adds to an error of an installation's files what helps, if that is
// known.
func WhatToDo(err error) error {
	help := ""
	switch {
	case errors.Is(err, syscall.EROFS):
		help = "the file system is mounted read-only, and the data directory must be writable: mount it for writing, or choose another directory with --data-dir"
	case errors.Is(err, fs.ErrPermission), database.IsUnwritable(err):
		help = "the data directory and everything in it must be writable by the user that runs lychgate (chown -R, chmod -R u+rwX); or choose another one with --data-dir"
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), database.IsFull(err):
		help = "make room on the disk of the data directory, or choose another directory with --data-dir"
	case errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.EISDIR), errors.Is(err, fs.ErrExist):
		help = "something else is in the place of a directory or file of lychgate: move it away, or choose another directory with --data-dir"
	case errors.Is(err, syscall.ENAMETOOLONG):
		help = "no data directory can have a name as long as this; choose another one with --data-dir"
	case database.IsDamaged(err):
		help = "put a backup in its place with lychgate restore, or choose another directory with --data-dir"
	default:
		return err
	}
	return fmt.Errorf("%w: %s", err, help)
}

// OpenRoot returns the root secret. One is made only for a database that has
// no keys yet: a new one would open none of them.
func OpenRoot(ctx context.Context, c config.Config, s *store.Store) (secret.Root, error) {
	if c.Secret != "" {
		return secret.NewRoot(c.Secret)
	}
	keys, err := s.Read().SigningKeys(ctx)
	if err != nil {
		return secret.Root{}, err
	}
	if len(keys) == 0 {
		root, err := secret.LoadOrCreateRoot(c.SecretPath())
		return root, errors.Join(err, database.Adopt(c.SecretPath()))
	}
	root, err := secret.LoadRoot(c.SecretPath())
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%s is missing, and the keys in the database can only be used with it: put it back from a backup, or set LYCHGATE_SECRET", c.SecretPath())
	}
	return root, errors.Join(err, database.Adopt(c.SecretPath()))
}
