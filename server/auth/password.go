package auth

import (
	"context"

	"lychgate/server/problem"
	"lychgate/server/secret"
	"lychgate/server/store"
	"lychgate/server/web"
)

// ChangePassword sets a new password for somebody who knows the old one, and
// ends every other session of theirs. It returns faults of the fields, a
// problem with the code invalid_credentials, or one of kind TooMany or
// Unavailable.
func (s *Service) ChangePassword(ctx context.Context, caller web.Identity, current, next string, client Client) error {
	ctx, cancel := context.WithTimeout(ctx, secret.LongestWait)
	defer cancel()
	user, err := PersonOf(ctx, s.Store.Read(), caller)
	if err != nil {
		return err
	}
	faults := s.Policy.Check("newPassword", next, user.Email, user.Name)
	if current == "" {
		faults = append(faults, problem.Field{Field: "currentPassword", Code: "required", Detail: "Enter your current password."})
	}
	if err := problem.Faults(faults...); err != nil {
		return err
	}
	attempt, _, err := s.prove(ctx, user, user.Email, current, "password_change", client)
	if err != nil {
		return err
	}
	defer attempt.Cancel()
	ctx, cancel = lasting(ctx)
	defer cancel()
	err = s.setPassword(ctx, user, next, caller.SessionID, "password_change", client, func(q *store.Queries) error {
		return stillProven(ctx, q, user)
	})
	return s.decide(ctx, attempt, user, user.Email, "password_change", client, err)
}

// SetPassword sets the password of an account and ends all its sessions: for
// the command line. It returns store.ErrNotFound.
func (s *Service) SetPassword(ctx context.Context, who Credentials) error {
	email, err := canonicalEmail(who.Email)
	if err != nil {
		return err
	}
	user, err := s.Store.Read().UserByEmail(ctx, email)
	if err != nil {
		return err
	}
	if err := problem.Faults(s.Policy.Check("password", who.Password, user.Email, user.Name)...); err != nil {
		return err
	}
	return s.setPassword(ctx, user, who.Password, "", "password_set", commandLine, regardless)
}

// setPassword hashes and stores a password, if it may still be set by then,
// and ends the sessions of the user but for one.
func (s *Service) setPassword(ctx context.Context, user store.User, password, butFor, event string, client Client, may func(*store.Queries) error) error {
	hash, err := s.Hasher.Hash(ctx, password)
	if err != nil {
		return err
	}
	ctx, cancel := carryOut(ctx)
	defer cancel()
	revoked, err := revokeAll(ctx, s.Store, s.Now, user.ID, butFor, may, func(q *store.Queries) error {
		if err := q.SetPasswordHash(ctx, user.ID, hash); err != nil {
			return err
		}
		return s.audit(ctx, q, event, outcomeSuccess, user.ID, butFor, client)
	})
	s.Endings.Add(revoked...)
	return err
}
