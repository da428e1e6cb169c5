package auth

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"lychgate/server/problem"
	"lychgate/server/secret"
	"lychgate/server/store"
	"lychgate/server/web"
)

// Service signs people up and in, and starts, continues and ends sessions.
// All fields must be set.
type Service struct {
	Store         *store.Store
	Hasher        *secret.Hasher
	Policy        secret.PasswordPolicy
	AccessTokens  *AccessTokens
	RefreshTokens RefreshTokens
	Endings       *Endings
	Limits        *Limits
	Use           *Use

	SignupClosed bool
	SessionIdle  time.Duration // a session ends after this long unused,
	SessionMax   time.Duration // and after this long in any case
	RefreshGrace time.Duration // see Refresh

	Now func() time.Time
	Log *slog.Logger
}

// Client is from where a request came, as audit log and session list show it.
type Client struct {
	IP        string
	UserAgent string
}

// Credentials are what a person signs up or in with.
type Credentials struct {
	Email    string
	Password string
}

var (
	errInvalidCredentials = problem.New(problem.Unauthenticated, "invalid_credentials", "The e-mail address or the password is not right.")
	errSignupClosed       = problem.New(problem.Forbidden, "signup_closed", "Sign-up is closed. Ask whoever runs this site for an account.")
	// ErrSessionEnded is returned for a refresh token that no longer counts.
	ErrSessionEnded = problem.New(problem.Unauthenticated, "session_ended", "This session has ended. Sign in again.")
)

const (
	outcomeSuccess = "success"
	outcomeFailure = "failure"
	maxNameLength  = 100 // characters
)

// Register makes an account and signs it in. It returns faults of the fields,
// store.ErrEmailTaken, or a problem of kind Forbidden, TooMany or Unavailable.
func (s *Service) Register(ctx context.Context, who Credentials, name string, client Client, replaced ...string) (Grant, store.User, error) {
	if s.SignupClosed {
		return Grant{}, store.User{}, errSignupClosed
	}
	user, err := s.newUser(who, name)
	if err != nil {
		return Grant{}, store.User{}, err
	}
	if err := s.Limits.Register(AddressKey(client.IP)); err != nil {
		return Grant{}, store.User{}, err
	}
	switch _, err := s.Store.Read().UserByEmail(ctx, user.Email); {
	case err == nil:
		return Grant{}, store.User{}, store.ErrEmailTaken
	case !errors.Is(err, store.ErrNotFound):
		return Grant{}, store.User{}, err
	}
	if user.PasswordHash, err = s.Hasher.Hash(ctx, who.Password); err != nil {
		return Grant{}, store.User{}, err
	}
	var session store.Session
	err = s.Store.Write(ctx, func(q *store.Queries) error {
		if err := q.CreateUser(ctx, user); err != nil {
			return err
		}
		session, err = s.begin(ctx, q, user, client, "register", replaced)
		return err
	})
	if err != nil {
		return Grant{}, store.User{}, err
	}
	s.Endings.Add(replaced...)
	grant, err := s.grant(session, session.Generation)
	return grant, user, err
}

// CreateAccount makes an account without signing it in: for the command line.
func (s *Service) CreateAccount(ctx context.Context, who Credentials, name string) (store.User, error) {
	user, err := s.newUser(who, name)
	if err != nil {
		return store.User{}, err
	}
	if user.PasswordHash, err = s.Hasher.Hash(ctx, who.Password); err != nil {
		return store.User{}, err
	}
	return user, s.Store.Write(ctx, func(q *store.Queries) error {
		if err := q.CreateUser(ctx, user); err != nil {
			return err
		}
		return s.audit(ctx, q, "user_created", outcomeSuccess, user.ID, "", Client{})
	})
}

// newUser checks what a new account is made of; the hash is still missing.
func (s *Service) newUser(who Credentials, name string) (store.User, error) {
	email, err := CanonicalEmail(who.Email)
	var faults []problem.Field
	if err != nil {
		faults = problem.From(err).Fields
	}
	name, nameFaults := CheckName(name)
	faults = append(faults, nameFaults...)
	faults = append(faults, s.Policy.Check("password", who.Password, email, name)...)
	return store.User{ID: rand.Text(), Email: email, Name: name, CreatedAt: s.Now().UTC().Truncate(time.Millisecond)}, problem.Faults(faults...)
}

// CheckName returns a person's name as it is stored, and its faults.
func CheckName(name string) (string, []problem.Field) {
	name = strings.TrimSpace(name)
	switch {
	case utf8.RuneCountInString(name) > maxNameLength:
		return name, []problem.Field{{Field: "name", Code: "too_long", Detail: "Use at most 100 characters."}}
	case strings.ContainsFunc(name, unicode.IsControl):
		return name, []problem.Field{{Field: "name", Code: "invalid_character", Detail: "A name cannot hold control characters."}}
	}
	return name, nil
}

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
	var session store.Session
	err = s.Store.Write(ctx, func(q *store.Queries) error {
		if err := stillProven(ctx, q, user); err != nil {
			return err
		}
		if hash != user.PasswordHash {
			if err := q.SetPasswordHash(ctx, user.ID, hash); err != nil {
				return err
			}
		}
		session, err = s.begin(ctx, q, user, client, "login", replaced)
		return err
	})
	if err != nil {
		return Grant{}, store.User{}, err
	}
	s.Endings.Add(replaced...)
	grant, err := s.grant(session, session.Generation)
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
	if errors.Is(err, store.ErrNotFound) || err == nil && (now.Disabled || now.PasswordHash != user.PasswordHash) {
		return errInvalidCredentials
	}
	return err
}

// ChangePassword sets a new password for somebody who knows the old one, and
// ends every other session of theirs. It returns faults of the fields, a
// problem with the code invalid_credentials, or one of kind TooMany or
// Unavailable.
func (s *Service) ChangePassword(ctx context.Context, caller web.Identity, current, next string, client Client) error {
	user, err := s.Store.Read().User(ctx, caller.UserID)
	if errors.Is(err, store.ErrNotFound) {
		return problem.ErrUnauthenticated
	}
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
	if _, err := s.prove(ctx, user, user.Email, current, "password_change", client); err != nil {
		return err
	}
	return s.setPassword(ctx, user, next, caller.SessionID, "password_change", client, func(q *store.Queries) error {
		return stillProven(ctx, q, user)
	})
}

// SetPassword sets the password of an account and ends all its sessions: for
// the command line. It returns store.ErrNotFound.
func (s *Service) SetPassword(ctx context.Context, who Credentials) error {
	email, err := CanonicalEmail(who.Email)
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
	regardless := func(*store.Queries) error { return nil }
	return s.setPassword(ctx, user, who.Password, "", "password_set", Client{}, regardless)
}

// setPassword hashes and stores a password, if it may still be set by then,
// and ends the sessions of the user but for one.
func (s *Service) setPassword(ctx context.Context, user store.User, password, butFor, event string, client Client, may func(*store.Queries) error) error {
	hash, err := s.Hasher.Hash(ctx, password)
	if err != nil {
		return err
	}
	var ended []string
	err = s.Store.Write(ctx, func(q *store.Queries) error {
		if err := may(q); err != nil {
			return err
		}
		if err := q.SetPasswordHash(ctx, user.ID, hash); err != nil {
			return err
		}
		if ended, err = q.EndSessionsOf(ctx, user.ID, butFor, s.Now()); err != nil {
			return err
		}
		return s.audit(ctx, q, event, outcomeSuccess, user.ID, butFor, client)
	})
	if err != nil {
		return err
	}
	s.Endings.Add(ended...)
	return nil
}

// begin writes a new session of a user, and ends those it replaces.
func (s *Service) begin(ctx context.Context, q *store.Queries, user store.User, client Client, event string, replaced []string) (store.Session, error) {
	now := s.Now()
	session := store.Session{
		ID: rand.Text(), UserID: user.ID, Generation: 1, CreatedAt: now, RotatedAt: now, LastSeenAt: now,
		IP: client.IP, UserAgent: client.UserAgent,
	}
	if err := q.CreateSession(ctx, session); err != nil {
		return session, err
	}
	if err := q.RememberAddress(ctx, user.ID, AddressKey(client.IP), now); err != nil {
		return session, err
	}
	if err := s.endAll(ctx, q, replaced, "replaced", client); err != nil {
		return session, err
	}
	return session, s.audit(ctx, q, event, outcomeSuccess, user.ID, session.ID, client)
}

func (s *Service) audit(ctx context.Context, q *store.Queries, event, outcome, userID, sessionID string, client Client) error {
	return q.Audit(ctx, store.AuditLine{
		At: s.Now(), Event: event, Outcome: outcome, UserID: userID, SessionID: sessionID,
		IP: client.IP, UserAgent: client.UserAgent,
	})
}

// Use remembers when sessions were last in use, between the times that this
// is written down, so that no request costs a write.
type Use struct {
	mu   sync.Mutex
	seen map[string]time.Time
}

// NewUse returns an empty Use.
func NewUse() *Use { return &Use{seen: make(map[string]time.Time)} }

func (u *Use) note(sessionID string, at time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.seen[sessionID] = at
}

// since returns when a session was last in use, given when it is stored to be.
func (u *Use) since(session store.Session) time.Time {
	u.mu.Lock()
	defer u.mu.Unlock()
	if at := u.seen[session.ID]; at.After(session.LastSeenAt) {
		return at
	}
	return session.LastSeenAt
}

// putBack notes what take handed over, but for what is newer by now.
func (u *Use) putBack(seen map[string]time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for id, at := range seen {
		if at.After(u.seen[id]) {
			u.seen[id] = at
		}
	}
}

// take hands over what was noted since it was last taken.
func (u *Use) take() map[string]time.Time {
	u.mu.Lock()
	defer u.mu.Unlock()
	seen := u.seen
	u.seen = make(map[string]time.Time)
	return seen
}
