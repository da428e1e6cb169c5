package auth

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"lychgate/server/problem"
	"lychgate/server/secret"
	"lychgate/server/store"
)

// Login begins a new session and ends those it replaces, which it asks for once
// the password is proven. It returns faults of
// the fields, a problem with the code invalid_credentials that is the same,
// in words and in time, whether the account exists or not, or a problem of
// kind TooMany or Unavailable.
func (s *Service) Login(ctx context.Context, who Credentials, client Client, replaced func() []string) (Grant, store.User, error) {
	ctx, cancel := context.WithTimeout(ctx, secret.LongestWait)
	defer cancel()
	email, err := canonicalEmail(who.Email)
	if err != nil {
		return Grant{}, store.User{}, err
	}
	if who.Password == "" {
		return Grant{}, store.User{}, problem.Faults(problem.Field{Field: "password", Code: "required", Detail: "Enter your password."})
	}
	// In a storm most are refused, and that must cost next to nothing.
	if err := s.Hasher.Room(); err != nil {
		return Grant{}, store.User{}, err
	}
	user, err := s.Store.Read().UserByEmail(ctx, email)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return Grant{}, store.User{}, err
	}
	attempt, rehash, err := s.prove(ctx, user, email, who.Password, "login", client)
	if err != nil {
		return Grant{}, store.User{}, err
	}
	defer attempt.Cancel()
	ctx, cancel = lasting(ctx)
	defer cancel()
	renewed := ""
	if rehash {
		renewed = s.hashAnew(ctx, who.Password)
	}
	grant, err := s.begin(ctx, user, "login", client, replaced(), func(q *store.Queries) error {
		if err := stillProven(ctx, q, user); err != nil || renewed == "" {
			return err
		}
		return q.RenewPasswordHash(ctx, user.ID, renewed)
	})
	return grant, user, s.decide(ctx, attempt, user, email, "login", client, err)
}

// prove checks the password of a user, who is the zero one for an account
// that does not exist, within the limits. It returns the attempt, which still
// holds its places, for decide, and whether the stored hash is of another cost
// than hashes are by now.
func (s *Service) prove(ctx context.Context, user store.User, email, password, event string, client Client) (_ *Attempt, rehash bool, err error) {
	address := addressKey(client.IP)
	known, err := s.Store.Read().KnowsAddress(ctx, user.ID, address)
	if err != nil {
		return nil, false, err
	}
	attempt, err := s.Limits.SignIn(ctx, accountKey(email), address, known)
	if err != nil {
		return nil, false, err
	}
	ok, rehash, err := s.Hasher.Verify(ctx, user.PasswordHash, password)
	if err == nil && (!ok || user.Disabled) {
		err = s.refuse(ctx, attempt, user, email, event, client)
	}
	if err != nil {
		attempt.Cancel()
		return nil, false, err
	}
	return attempt, rehash, nil
}

// decide settles the attempt of a right password by how that came out which it
// was asked for. The pair is forgiven its failures only once something has been
// written, the audit line among it: else a guess could be right and leave no
// trace. A password that counted no more by then was a wrong one.
func (s *Service) decide(ctx context.Context, attempt *Attempt, user store.User, email, event string, client Client, outcome error) error {
	switch {
	case outcome == nil:
		attempt.Succeeded()
	case errors.Is(outcome, errInvalidCredentials):
		return s.refuse(ctx, attempt, user, email, event, client)
	}
	return outcome
}

// refuse counts a wrong password, writes it down, and returns
// errInvalidCredentials once that is done, whether the client waits for it or
// not. About an account that has been deleted since it was read nothing is
// written.
func (s *Service) refuse(ctx context.Context, attempt *Attempt, user store.User, email, event string, client Client) error {
	attempt.Failed()
	ctx, cancel := lasting(ctx)
	defer cancel()
	err := s.Store.Write(ctx, func(q *store.Queries) error {
		if user.ID != "" {
			if _, err := q.User(ctx, user.ID); errors.Is(err, store.ErrNotFound) {
				return nil
			} else if err != nil {
				return err
			}
		}
		account := accountKey(email)
		if err := q.SaveAttempts(ctx, store.Attempts{Account: account, FullAt: s.Limits.AccountFullAt(account)}); err != nil {
			return err
		}
		return s.audit(ctx, q, event, outcomeFailure, user.ID, "", client)
	})
	if err != nil {
		s.Log.Warn("a wrong password was counted, and cannot be recorded", "event", event, "user", user.ID, "ip", client.IP, "error", err)
		return err
	}
	return errInvalidCredentials
}

// hashAnew returns a hash of today's cost, or nothing when no worker is soon
// free: then the next sign-in does it.
func (s *Service) hashAnew(ctx context.Context, password string) string {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	hash, err := s.Hasher.Hash(ctx, password)
	if err != nil {
		s.Log.Debug("a password was not hashed anew", "error", err)
		return ""
	}
	return hash
}

// stillProven returns errInvalidCredentials when the password of a user has
// been changed, or the account disabled or deleted, since it was read: what
// was proven with the old one then counts no more.
func stillProven(ctx context.Context, q *store.Queries, user store.User) error {
	now, err := q.User(ctx, user.ID)
	if errors.Is(err, store.ErrNotFound) || err == nil && (now.Disabled || now.PasswordVersion != user.PasswordVersion) {
		return errInvalidCredentials
	}
	return err
}

// begin starts a session of a user, and ends those it replaces and those past the
// limit, in the transaction of what must be done first.
func (s *Service) begin(ctx context.Context, user store.User, event string, client Client, replaced []string, first func(*store.Queries) error) (Grant, error) {
	session := store.Session{ID: rand.Text(), UserID: user.ID, Generation: 1, IP: client.IP, UserAgent: client.UserAgent}
	var (
		surplus []string
		more    bool
	)
	err := s.write(ctx, func(q *store.Queries) error {
		if err := first(q); err != nil {
			return err
		}
		now := s.Now()
		session.CreatedAt, session.RotatedAt, session.LastSeenAt = now, now, now
		if err := q.CreateSession(ctx, session); err != nil {
			return err
		}
		if err := q.RememberAddress(ctx, user.ID, addressKey(client.IP), now); err != nil {
			return err
		}
		if _, err := q.ForgetAddressesOf(ctx, user.ID, mostKnown, store.StepRows); err != nil {
			return err
		}
		if err := s.endAll(ctx, q, replaced, "replaced", client); err != nil {
			return err
		}
		var err error
		if surplus, more, err = s.limitSessions(ctx, q, user.ID, session.ID, client); err != nil {
			return err
		}
		return s.audit(ctx, q, event, outcomeSuccess, user.ID, session.ID, client)
	})
	if err != nil {
		return Grant{}, err
	}
	s.Endings.Add(replaced...)
	s.Endings.Add(surplus...)
	if more {
		s.crowded(user.ID)
	}
	return s.grant(session, session.Generation)
}
