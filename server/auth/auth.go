package auth

import (
	"context"
	"errors"

	"lychgate/server/audit"
	"lychgate/server/limit"
	"lychgate/server/password"
	"lychgate/server/problem"
	"lychgate/server/session"
	"lychgate/server/store"
	"lychgate/server/user"
)

// Service signs people up and in. All fields must be set.
type Service struct {
	Store        *store.Store
	Sessions     *session.Service
	Passwords    *user.Passwords
	SignupClosed bool
}

var errSignupClosed = problem.New(problem.Forbidden, "signup_closed", "Sign-up is closed. Ask whoever runs this site for an account.")

// byPassword is the proof of somebody who has shown their password; replaces
// returns the sessions that the new one takes the place of.
func byPassword(userID string, event audit.Event, client audit.Client, replaces func() []string) session.Proof {
	return session.Proof{UserID: userID, Methods: []string{session.Password}, Client: client, Replaces: replaces, Event: event}
}

// Register makes an account and signs it in. It returns faults of the fields,
// store.ErrEmailTaken, or a problem of kind Forbidden, TooMany or Unavailable.
func (s *Service) Register(ctx context.Context, who user.Credentials, name string, client audit.Client, replaces func() []string) (session.Started, store.User, error) {
	if s.SignupClosed {
		return session.Started{}, store.User{}, errSignupClosed
	}
	account, err := s.Passwords.New(who, name)
	if err != nil {
		return session.Started{}, store.User{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, password.LongestWait)
	defer cancel()
	limits, address := s.Passwords.Limits, limit.AddressKey(client.IP)
	if err := limits.Register(address); err != nil {
		return session.Started{}, store.User{}, err
	}
	switch _, err := s.Store.Read().UserByEmail(ctx, account.Email); {
	case err == nil:
		return session.Started{}, store.User{}, store.ErrEmailTaken
	case !errors.Is(err, store.ErrNotFound):
		limits.CancelRegistration(address)
		return session.Started{}, store.User{}, err
	}
	if account.PasswordHash, err = s.Passwords.Hasher.Hash(ctx, who.Password); err != nil {
		limits.CancelRegistration(address)
		return session.Started{}, store.User{}, err
	}
	ctx, cancel = session.Lasting(ctx)
	defer cancel()
	started, err := s.Sessions.Start(ctx, byPassword(account.ID, audit.Register, client, replaces), func(q *store.Queries) error {
		return q.CreateUser(ctx, account)
	})
	return started, account, err
}

// Login starts a session for somebody who knows the password of an account. It
// returns faults of the fields, a problem with the code invalid_credentials that
// is the same, in words and in time, whether the account exists or not, or one of
// kind TooMany or Unavailable.
func (s *Service) Login(ctx context.Context, who user.Credentials, client audit.Client, replaces func() []string) (session.Started, store.User, error) {
	ctx, cancel := context.WithTimeout(ctx, password.LongestWait)
	defer cancel()
	email, err := user.CanonicalEmail(who.Email)
	if err != nil {
		return session.Started{}, store.User{}, err
	}
	if who.Password == "" {
		return session.Started{}, store.User{}, problem.Faults(problem.Field{Field: "password", Code: "required", Detail: "Enter your password."})
	}
	// In a storm most are refused, and that must cost next to nothing.
	if err := s.Passwords.Hasher.Room(); err != nil {
		return session.Started{}, store.User{}, err
	}
	account, err := s.Store.Read().UserByEmail(ctx, email)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return session.Started{}, store.User{}, err
	}
	verified, err := s.Passwords.Verify(ctx, account, email, who.Password, audit.Login, client)
	if err != nil {
		return session.Started{}, store.User{}, err
	}
	defer verified.Cancel()
	ctx, cancel = session.Lasting(ctx)
	defer cancel()
	renewed := ""
	if verified.Rehash {
		renewed = s.Passwords.Rehash(ctx, who.Password)
	}
	started, err := s.Sessions.Start(ctx, byPassword(account.ID, audit.Login, client, replaces), func(q *store.Queries) error {
		if err := user.StillVerified(ctx, q, account); err != nil || renewed == "" {
			return err
		}
		return q.RenewPasswordHash(ctx, account.ID, renewed)
	})
	if started.Challenge != nil { // nothing is written yet, and so nothing forgiven
		return started, account, nil
	}
	return started, account, s.Passwords.Decide(ctx, verified, err)
}
