package user

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"lychgate/server/access"
	"lychgate/server/audit"
	"lychgate/server/limit"
	"lychgate/server/password"
	"lychgate/server/pending"
	"lychgate/server/problem"
	"lychgate/server/session"
	"lychgate/server/store"
)

// Passwords verifies and sets passwords: every check of a password, wherever it is
// asked for, goes through these limits and this queue of hashes.
type Passwords struct {
	Users  Service
	Hasher *password.Hasher
	Policy password.Policy
	Limits *limit.Limits
	Log    *slog.Logger

	// changed are accounts whose counts of failed sign-ins have changed in the store
	// and are still to be read.
	changed pending.Set
}

var (
	errInvalidCredentials = problem.New(problem.Unauthenticated, "invalid_credentials", "The e-mail address or the password is not right.")
	// errWrongPassword is errInvalidCredentials for somebody who is signed in.
	errWrongPassword = problem.New(problem.Unauthenticated, errInvalidCredentials.Code, "The current password is not right.")
)

// Verified is a password that was right. It holds its places in the limits until
// Decide is called.
type Verified struct {
	User  store.User
	event audit.Event
	// Rehash says that the password should be hashed again, at today's cost.
	Rehash  bool
	client  audit.Client
	email   string
	attempt *limit.Attempt
}

// Cancel gives the places back, unless Decide was called.
func (v *Verified) Cancel() { v.attempt.Cancel() }

// Verify checks the password of a user, who is the zero one for an e-mail address
// that has no account. It returns a problem with the code invalid_credentials that
// is the same, in words and in time, whether the account exists or not, or one of
// kind TooMany or Unavailable.
func (p *Passwords) Verify(ctx context.Context, user store.User, email, text string, event audit.Event, client audit.Client) (*Verified, error) {
	address := limit.AddressKey(client.IP)
	known, err := p.Users.Store.Read().KnowsAddress(ctx, user.ID, address)
	if err != nil {
		return nil, err
	}
	attempt, err := p.Limits.SignIn(ctx, limit.AccountKey(email), address, known)
	if err != nil {
		return nil, err
	}
	v := &Verified{User: user, event: event, client: client, email: email, attempt: attempt}
	ok, rehash, err := p.Hasher.Verify(ctx, user.PasswordHash, text)
	v.Rehash = rehash
	if err == nil && (!ok || user.Disabled) {
		err = p.refuse(ctx, v)
	}
	if err != nil {
		attempt.Cancel()
		return nil, err
	}
	return v, nil
}

// Decide settles a verified password by the outcome of what it was asked for. The
// pair is forgiven its failures only once something has been written, including the
// audit line: otherwise a right guess could leave no trace. A password that no
// longer counted by then is treated as wrong.
func (p *Passwords) Decide(ctx context.Context, v *Verified, outcome error) error {
	switch {
	case outcome == nil:
		v.attempt.Succeeded()
	case errors.Is(outcome, errInvalidCredentials):
		return p.refuse(ctx, v)
	}
	return outcome
}

// refuse counts and records a wrong password, even if the client no longer waits,
// and then returns errInvalidCredentials. Nothing is written about an account that
// has been deleted since it was read.
func (p *Passwords) refuse(ctx context.Context, v *Verified) error {
	v.attempt.Failed()
	ctx, cancel := session.Lasting(ctx)
	defer cancel()
	err := p.Users.Store.Write(ctx, func(q *store.Queries) error {
		if v.User.ID != "" {
			if _, err := q.User(ctx, v.User.ID); errors.Is(err, store.ErrNotFound) {
				return nil
			} else if err != nil {
				return err
			}
		}
		account := limit.AccountKey(v.email)
		if err := q.SaveAttempts(ctx, store.Attempts{Account: account, FullAt: p.Limits.AccountFullAt(account)}); err != nil {
			return err
		}
		return audit.Write(ctx, q, p.Users.Now(), audit.Line{
			Event: v.event, Outcome: audit.Failure, UserID: v.User.ID, By: audit.By{Client: v.client},
		})
	})
	if err != nil {
		p.Log.Warn("a wrong password was counted, but could not be recorded", "event", v.event, "user", v.User.ID, "ip", v.client.IP, "error", err)
		return err
	}
	return errInvalidCredentials
}

// StillVerified returns a problem with the code invalid_credentials if the password
// of a user has been changed, or the account disabled or deleted, since the user
// was read.
func StillVerified(ctx context.Context, q *store.Queries, user store.User) error {
	now, err := q.User(ctx, user.ID)
	if errors.Is(err, store.ErrNotFound) || err == nil && (now.Disabled || now.PasswordVersion != user.PasswordVersion) {
		return errInvalidCredentials
	}
	return err
}

// Rehash returns a hash at today's cost, or an empty string if no worker is free
// soon; then the next sign-in tries again.
func (p *Passwords) Rehash(ctx context.Context, text string) string {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	hash, err := p.Hasher.Hash(ctx, text)
	if err != nil {
		p.Log.Debug("a password could not be hashed again", "error", err)
		return ""
	}
	return hash
}

// Change sets a new password for somebody who knows the old one, and revokes every
// other session of theirs. It returns faults of the fields, a problem with the
// code invalid_credentials, or one of kind TooMany or Unavailable.
func (p *Passwords) Change(ctx context.Context, caller access.Identity, current, next string, client audit.Client) error {
	err := p.change(ctx, caller, current, next, client)
	if errors.Is(err, errInvalidCredentials) {
		return errWrongPassword
	}
	return err
}

func (p *Passwords) change(ctx context.Context, caller access.Identity, current, next string, client audit.Client) error {
	ctx, cancel := context.WithTimeout(ctx, password.LongestWait)
	defer cancel()
	user, err := Current(ctx, p.Users.Store.Read(), caller.UserID)
	if err != nil {
		return err
	}
	faults := p.Policy.Check("newPassword", next, user.Email, user.Name)
	if current == "" {
		faults = append(faults, problem.Field{Field: "currentPassword", Code: "required", Detail: "Enter your current password."})
	} else if password.Same(current, next) {
		// Refused before it is verified, so that nobody learns here whether it is right.
		faults = append(faults, problem.Field{Field: "newPassword", Code: "unchanged", Detail: "Choose a password that differs from the current one."})
	}
	if err := problem.Faults(faults...); err != nil {
		return err
	}
	verified, err := p.Verify(ctx, user, user.Email, current, audit.PasswordChange, client)
	if err != nil {
		return err
	}
	defer verified.Cancel()
	ctx, cancel = session.Lasting(ctx)
	defer cancel()
	err = p.set(ctx, user, next, caller.SessionID, audit.PasswordChange, audit.Person(user.ID, client), func(q *store.Queries) error {
		return StillVerified(ctx, q, user)
	})
	return p.Decide(ctx, verified, err)
}

// Set sets the password of an account and revokes all its sessions. It returns
// store.ErrNotFound, or faults of the field password.
func (p *Passwords) Set(ctx context.Context, user store.User, text string, by audit.By) error {
	if err := problem.Faults(p.Policy.Check("password", text, user.Email, user.Name)...); err != nil {
		return err
	}
	return p.set(ctx, user, text, "", audit.PasswordSet, by, session.Regardless)
}

// set hashes and stores a password, if it may still be set by then, and revokes
// the sessions of the user but for one.
func (p *Passwords) set(ctx context.Context, user store.User, text, except string, event audit.Event, by audit.By, may func(*store.Queries) error) error {
	hash, err := p.Hasher.Hash(ctx, text)
	if err != nil {
		return err
	}
	ctx, cancel := session.UntilRevoked(ctx)
	defer cancel()
	_, err = session.RevokeAll(ctx, p.Users.Store, p.Users.Now, user.ID, except, may, func(q *store.Queries) error {
		if err := q.SetPasswordHash(ctx, user.ID, hash); err != nil {
			return err
		}
		return audit.Write(ctx, q, p.Users.Now(), audit.Line{Event: event, UserID: user.ID, SessionID: except, By: by})
	})
	return err
}

// Current returns an account that may be used, as it is stored. It returns
// problem.ErrUnauthenticated when it is gone or disabled.
func Current(ctx context.Context, q *store.Queries, id string) (store.User, error) {
	user, err := q.User(ctx, id)
	if errors.Is(err, store.ErrNotFound) || err == nil && user.Disabled {
		err = problem.ErrUnauthenticated
	}
	return user, err
}
