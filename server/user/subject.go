package user

import (
	"context"
	"errors"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"lychgate/server/access"
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
	known *lru.Cache[string, access.Subject]

	mu    sync.Mutex
	drops int // how often subjects were dropped: what was read before may be stale
}

// NewSubjects returns the subjects of a store. Let Heard listen to its changes.
func NewSubjects(s *store.Store) *Subjects {
	known, err := lru.New[string, access.Subject](rememberedSubjects)
	if err != nil {
		panic(err) // only a size below one fails
	}
	return &Subjects{store: s, known: known}
}

// Of returns the subject behind an identity. It returns
// problem.ErrUnauthenticated when the account is gone or disabled.
func (s *Subjects) Of(ctx context.Context, identity access.Identity) (access.Subject, error) {
	subject, found := s.known.Get(identity.UserID)
	if !found {
		var err error
		if subject, err = s.read(ctx, identity.UserID); err != nil {
			return access.Subject{}, err
		}
	}
	if subject.Disabled {
		return access.Subject{}, problem.ErrUnauthenticated
	}
	return subject, nil
}

// read reads a subject, and keeps it unless anything was dropped meanwhile.
func (s *Subjects) read(ctx context.Context, userID string) (access.Subject, error) {
	s.mu.Lock()
	drops := s.drops
	s.mu.Unlock()
	account, grants, err := s.store.Read().UserWithPlans(ctx, userID)
	if errors.Is(err, store.ErrNotFound) {
		err = problem.ErrUnauthenticated
	}
	if err != nil {
		return access.Subject{}, err
	}
	subject := SubjectOf(account)
	for _, grant := range grants {
		subject.Grants = append(subject.Grants, access.Grant{Plan: grant.Plan, Until: grant.Until, Source: grant.Source})
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.drops == drops {
		s.known.Add(userID, subject)
	}
	return subject, nil
}

// Heard drops subjects that have changed; no ids at all stand for any of them.
func (s *Subjects) Heard(userIDs []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drops++
	if len(userIDs) == 0 {
		s.known.Purge()
	}
	for _, id := range userIDs {
		s.known.Remove(id)
	}
}

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
