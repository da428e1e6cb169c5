package session

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"time"

	"lychgate/server/audit"
	"lychgate/server/limit"
	"lychgate/server/store"
)

// Authentication method references (RFC 8176): how a person proved who they are.
const (
	Password = "pwd"
)

// Proof is why a session may start.
type Proof struct {
	UserID  string
	Methods []string // how the person was proven: authentication method references (RFC 8176)
	Client  audit.Client
	// Replaces returns the sessions that the new one replaces: those whose cookies
	// came with the request. It checks signatures, so it is called only once the
	// proof is good. nil means none.
	Replaces func() []string
	// Event is what the audit log calls this start.
	Event audit.Event
}

// Challenge says what must be proven before a session starts.
type Challenge struct {
	Methods []string // any of them will do
}

// Started is a session that has begun, or the challenge that stands before it.
type Started struct {
	Tokens    Tokens
	Challenge *Challenge // nil: the session has begun
}

// errSecondStep undoes what was written before it was known that a second step is
// due.
var errSecondStep = errors.New("a second step is required")

// mostKnown is how many addresses stay known to an account.
const mostKnown = 1000

// Start makes a session. with runs first, in the same transaction, perhaps more
// than once; its error is returned as it is. The sessions that the new one replaces
// are revoked, and so are those past the limit of the account. If a second step is
// due, Start writes nothing and returns the challenge.
func (s *Service) Start(ctx context.Context, proof Proof, with func(*store.Queries) error) (Started, error) {
	by := audit.Person(proof.UserID, proof.Client)
	session := store.Session{
		ID: rand.Text(), UserID: proof.UserID, Generation: 1, IP: proof.Client.IP, UserAgent: proof.Client.UserAgent,
		Methods: strings.Join(proof.Methods, " "),
	}
	var replaced []string
	if proof.Replaces != nil {
		replaced = proof.Replaces()
	}
	var (
		challenge *Challenge
		more      bool
	)
	err := s.Store.Write(ctx, func(q *store.Queries) (err error) {
		if err := with(q); err != nil {
			return err
		}
		if s.SecondStep != nil {
			if challenge, err = s.SecondStep(ctx, q, proof); err != nil {
				return err
			} else if challenge != nil {
				return errSecondStep
			}
		}
		now := s.Now()
		session.CreatedAt, session.RotatedAt, session.LastSeenAt, session.ProvedAt = now, now, now, now
		if err := q.CreateSession(ctx, session); err != nil {
			return err
		}
		if err := rememberAddress(ctx, q, proof, now); err != nil {
			return err
		}
		if err := s.revokeEach(ctx, q, replaced, audit.Replaced, by); err != nil {
			return err
		}
		if more, err = s.limitSessions(ctx, q, proof.UserID, session.ID, by); err != nil {
			return err
		}
		return s.audit(ctx, q, proof.Event, proof.UserID, session.ID, by)
	})
	switch {
	case errors.Is(err, errSecondStep):
		return Started{Challenge: challenge}, nil
	case err != nil:
		return Started{}, err
	}
	if more {
		s.crowded.Add(proof.UserID)
	}
	tokens, err := s.tokens(session, session.Generation)
	return Started{Tokens: tokens}, err
}

// rememberAddress notes where a person signed in from: sign-ins from there get
// through even when others have used up the account's attempts.
func rememberAddress(ctx context.Context, q *store.Queries, proof Proof, now time.Time) error {
	if err := q.RememberAddress(ctx, proof.UserID, limit.AddressKey(proof.Client.IP), now); err != nil {
		return err
	}
	_, err := q.ForgetAddressesOf(ctx, proof.UserID, mostKnown, store.StepRows)
	return err
}
