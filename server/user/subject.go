package user

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"lychgate/server/access"
	"lychgate/server/memory"
	"lychgate/server/problem"
	"lychgate/server/store"
)

// rememberedSubjects is how many subjects are kept in memory: each is some hundred
// bytes.
const rememberedSubjects = 20_000

// Subjects reads the person behind an identity, from memory where it can: a
// subject is dropped when the feed of changes names it.
type Subjects struct {
	store *store.Store
	known *memory.Rows[known]
}

// known is what is remembered of an account.
type known struct {
	subject access.Subject
	profile []byte // as JSON
}

// NewSubjects returns the subjects of a store. Let Heard listen to its changes.
func NewSubjects(s *store.Store) *Subjects {
	return &Subjects{store: s, known: memory.NewRows[known](rememberedSubjects)}
}

// Of returns the subject behind an identity. It returns
// problem.ErrUnauthenticated when the account is gone or disabled.
func (s *Subjects) Of(ctx context.Context, identity access.Identity) (access.Subject, error) {
	known, err := s.of(ctx, identity)
	return known.subject, err
}

// Profile returns the profile of the subject behind an identity as JSON, which
// must not be changed. It returns problem.ErrUnauthenticated as Of does.
func (s *Subjects) Profile(ctx context.Context, identity access.Identity) ([]byte, error) {
	known, err := s.of(ctx, identity)
	return known.profile, err
}

func (s *Subjects) of(ctx context.Context, identity access.Identity) (known, error) {
	one, err := s.known.Get(identity.UserID, func() (known, error) { return s.read(ctx, identity.UserID) })
	if err != nil {
		return known{}, err
	}
	if one.subject.Disabled {
		return known{}, problem.ErrUnauthenticated
	}
	return one, nil
}

func (s *Subjects) read(ctx context.Context, userID string) (known, error) {
	account, grants, err := s.store.Read().UserWithPlans(ctx, userID)
	if errors.Is(err, store.ErrNotFound) {
		err = problem.ErrUnauthenticated
	}
	if err != nil {
		return known{}, err
	}
	subject := SubjectOf(account)
	for _, grant := range grants {
		subject.Grants = append(subject.Grants, access.Grant{Plan: grant.Plan, Until: grant.Until, Source: grant.Source})
	}
	profile, err := json.Marshal(ProfileOf(subject))
	if err != nil {
		return known{}, fmt.Errorf("write a profile: %w", err)
	}
	return known{subject, profile}, nil
}

// Heard drops subjects that have changed; no ids at all stand for any of them.
func (s *Subjects) Heard(userIDs []string) { s.known.Drop(userIDs...) }

// SubjectOf returns the subject of an account, without plans.
func SubjectOf(account store.User) access.Subject {
	return access.Subject{
		UserID: account.ID, Email: account.Email, Name: account.Name, EmailVerified: account.EmailVerified,
		CreatedAt: account.CreatedAt, Role: account.Role, Disabled: account.Disabled,
	}
}

// Profile is a person as the API shows one.
type Profile struct {
	ID        string    `json:"id"`
	Email     string    `json:"email"`
	Name      string    `json:"name"`
	CreatedAt time.Time `json:"createdAt"`
}

// ProfileOf returns the profile of a subject.
func ProfileOf(s access.Subject) Profile {
	return Profile{ID: s.UserID, Email: s.Email, Name: s.Name, CreatedAt: s.CreatedAt}
}
