package auth

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"lychgate/server/problem"
	"lychgate/server/secret"
	"lychgate/server/store"
)

const maxNameLength = 100 // characters

// Register makes an account and signs it in. The sessions that the new one
// replaces are asked for last. It returns faults of the fields,
// store.ErrEmailTaken, or a problem of kind Forbidden, TooMany or Unavailable.
func (s *Service) Register(ctx context.Context, who Credentials, name string, client Client, replaced func() []string) (Grant, store.User, error) {
	if s.SignupClosed {
		return Grant{}, store.User{}, errSignupClosed
	}
	user, err := s.newUser(who, name)
	if err != nil {
		return Grant{}, store.User{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, secret.LongestWait)
	defer cancel()
	address := addressKey(client.IP)
	if err := s.Limits.Register(address); err != nil {
		return Grant{}, store.User{}, err
	}
	switch _, err := s.Store.Read().UserByEmail(ctx, user.Email); {
	case err == nil:
		return Grant{}, store.User{}, store.ErrEmailTaken
	case !errors.Is(err, store.ErrNotFound):
		s.Limits.CancelRegistration(address)
		return Grant{}, store.User{}, err
	}
	if user.PasswordHash, err = s.Hasher.Hash(ctx, who.Password); err != nil {
		s.Limits.CancelRegistration(address)
		return Grant{}, store.User{}, err
	}
	ctx, cancel = lasting(ctx)
	defer cancel()
	grant, err := s.begin(ctx, user, "register", client, replaced(), func(q *store.Queries) error {
		return q.CreateUser(ctx, user)
	})
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
		return s.audit(ctx, q, "user_created", outcomeSuccess, user.ID, "", commandLine)
	})
}

// newUser checks what a new account is made of; the hash is still missing.
func (s *Service) newUser(who Credentials, name string) (store.User, error) {
	email, err := canonicalEmail(who.Email)
	var faults []problem.Field
	if err != nil {
		faults = problem.From(err).Fields
	}
	name, nameFaults := CheckName(name)
	faults = append(faults, nameFaults...)
	faults = append(faults, s.Policy.Check("password", who.Password, email, name)...)
	return store.User{ID: rand.Text(), Email: email, Name: name, CreatedAt: s.Now().UTC().Truncate(time.Millisecond)}, problem.Faults(faults...)
}

// CheckName returns a person's name as it is stored, and its faults. What
// cannot be seen is dropped around it, and refused in it: two names that look
// alike should be alike, and none may turn the text around it.
func CheckName(text string) (string, []problem.Field) {
	fault := func(code, detail string) []problem.Field {
		return []problem.Field{{Field: "name", Code: code, Detail: detail}}
	}
	name := strings.TrimLeftFunc(text, isTrimmed)
	end := len(strings.TrimRightFunc(name, isTrimmed))
	before, _ := utf8.DecodeLastRuneInString(name[:end])
	for _, r := range name[end:] {
		if r == joiner || r == nonJoiner || !belongsTo(before, r) {
			break
		}
		before, end = r, end+utf8.RuneLen(r)
	}
	name = name[:end]

	switch {
	case !utf8.ValidString(text):
		return name, fault("invalid_character", "A name is made of Unicode characters.")
	case name == "" && strings.Trim(text, " \t\r\n") != "":
		return name, fault("invalid_character", "Nothing of this name can be seen. Type another, or leave it empty.")
	case utf8.RuneCountInString(name) > maxNameLength:
		return name, fault("too_long", "Use at most 100 characters.")
	case strings.ContainsFunc(name, unicode.IsControl):
		return name, fault("invalid_character", "A name cannot hold control characters.")
	}
	before = 0
	for _, r := range name {
		if isUnseen(r) && !unicode.Is(unicode.Zs, r) && !belongsTo(before, r) {
			return name, fault("invalid_character", "There is an invisible character in this name. Type it by hand.")
		}
		before = r
	}
	return name, nil
}
