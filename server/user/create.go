package user

import (
	"context"
	"crypto/rand"
	"time"

	"lychgate/server/audit"
	"lychgate/server/problem"
	"lychgate/server/store"
)

// Credentials are what a person signs up or in with.
type Credentials struct {
	Email    string
	Password string
}

// New checks what a new account is made of and returns it, without a password
// hash. It returns faults of the fields.
func (p *Passwords) New(who Credentials, name string) (store.User, error) {
	email, err := CanonicalEmail(who.Email)
	var faults []problem.Field
	if err != nil {
		faults = problem.From(err).Fields
	}
	name, nameFaults := CheckName(name)
	faults = append(faults, nameFaults...)
	faults = append(faults, p.Policy.Check("password", who.Password, email, name)...)
	return store.User{
		ID: rand.Text(), Email: email, Name: name, CreatedAt: p.Users.Now().UTC().Truncate(time.Millisecond),
	}, problem.Faults(faults...)
}

// Create makes an account without signing it in. It returns faults of the fields,
// or store.ErrEmailTaken.
func (p *Passwords) Create(ctx context.Context, who Credentials, name string, by audit.By) (store.User, error) {
	user, err := p.New(who, name)
	if err != nil {
		return store.User{}, err
	}
	if user.PasswordHash, err = p.Hasher.Hash(ctx, who.Password); err != nil {
		return store.User{}, err
	}
	return user, p.Users.Store.Write(ctx, func(q *store.Queries) error {
		if err := q.CreateUser(ctx, user); err != nil {
			return err
		}
		return p.Users.audit(ctx, q, audit.UserCreated, user.ID, by)
	})
}
