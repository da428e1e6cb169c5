package auth

import (
	"context"
	"crypto/rand"
	"errors"

	"lychgate/server/problem"
	"lychgate/server/store"
)

// Login begins a new session and ends those it replaces. It returns faults of
// the fields, a problem with the code invalid_credentials that is the same,
// in words and in time, whether the account exists or not, or a problem of
// kind TooMany or Unavailable.
func (s *Service) Login(ctx context.Context, who Credentials, client Client, replaced ...string) (Grant, store.User, error) {
	email, err := CanonicalEmail(who.Email)
	if err != nil {
		return Grant{}, store.User{}, err
	}
	if who.Password == "" {
		return Grant{}, store.User{}, problem.Faults(problem.Field{Field: "password", Code: "required", Detail: "Enter your password."})
	}
	user, err := s.Store.Read().UserByEmail(ctx, email)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return Grant{}, store.User{}, err
	}
	hash, err := s.prove(ctx, user, email, who.Password, "login", client)
	if err != nil {
		return Grant{}, store.User{}, err
	}
	grant, err := s.begin(ctx, user, "login", client, replaced, func(q *store.Queries) error {
		if err := stillProven(ctx, q, user); err != nil || hash == user.PasswordHash {
			return err
		}
		return q.RenewPasswordHash(ctx, user.ID, hash)
	})
	return grant, user, err
}

// prove checks the password of a user, who is the zero one for an account
// that does not exist, within the limits. It returns the hash to store: a new
// one where the cost has been raised.
func (s *Service) prove(ctx context.Context, user store.User, email, password, event string, client Client) (hash string, err error) {
	address := AddressKey(client.IP)
	known, err := s.Store.Read().KnowsAddress(ctx, user.ID, address)
	if err != nil {
		return "", err
	}
	attempt, err := s.Limits.SignIn(email, address, known)
	if err != nil {
		return "", err
	}
	ok, rehash, err := s.Hasher.Verify(ctx, user.PasswordHash, password)
	if err != nil {
		attempt.Cancel()
		return "", err
	}
	if !ok || user.Disabled {
		if err := s.Store.Write(ctx, func(q *store.Queries) error {
			return s.audit(ctx, q, event, outcomeFailure, user.ID, "", client)
		}); err != nil {
			return "", err
		}
		return "", errInvalidCredentials
	}
	attempt.Succeeded()
	if !rehash {
		return user.PasswordHash, nil
	}
	if hash, err = s.Hasher.Hash(ctx, password); err != nil {
		return user.PasswordHash, nil //nolint:nilerr // no worker was free: the next sign-in hashes it anew
	}
	return hash, nil
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

// begin starts a session of a user and ends those it replaces, in the
// transaction of what must be done first.
func (s *Service) begin(ctx context.Context, user store.User, event string, client Client, replaced []string, first func(*store.Queries) error) (Grant, error) {
	now := s.Now()
	session := store.Session{
		ID: rand.Text(), UserID: user.ID, Generation: 1, CreatedAt: now, RotatedAt: now, LastSeenAt: now,
		IP: client.IP, UserAgent: client.UserAgent,
	}
	err := s.Store.Write(ctx, func(q *store.Queries) error {
		if err := first(q); err != nil {
			return err
		}
		if err := q.CreateSession(ctx, session); err != nil {
			return err
		}
		if err := q.RememberAddress(ctx, user.ID, AddressKey(client.IP), now); err != nil {
			return err
		}
		if err := s.endAll(ctx, q, replaced, "replaced", client); err != nil {
			return err
		}
		return s.audit(ctx, q, event, outcomeSuccess, user.ID, session.ID, client)
	})
	if err != nil {
		return Grant{}, err
	}
	s.Endings.Add(replaced...)
	return s.grant(session, session.Generation)
}
