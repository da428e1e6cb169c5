package auth

import (
	"context"
	"errors"
	"time"

	"lychgate/server/store"
)

// Operator is whoever runs the installation, at its command line. What it does
// needs no secret, and running servers follow within a second.
type Operator struct {
	Store *store.Store
	Now   func() time.Time
}

// Account returns the account of an e-mail address, however it is spelled. It
// returns store.ErrNotFound, or faults of the address.
func (o Operator) Account(ctx context.Context, email string) (store.User, error) {
	canonical, err := canonicalEmail(email)
	if err != nil {
		return store.User{}, err
	}
	return o.Store.Read().UserByEmail(ctx, canonical)
}

// Disable keeps a person from signing in, and ends all their sessions. It
// returns store.ErrNotFound.
func (o Operator) Disable(ctx context.Context, user store.User) error {
	return o.change(ctx, user, "user_disabled", func(q *store.Queries) error {
		if err := q.DisableUser(ctx, user.ID, o.Now()); err != nil {
			return err
		}
		_, err := q.EndSessionsOf(ctx, user.ID, "", o.Now())
		return err
	})
}

// Enable lets a person sign in again. It returns store.ErrNotFound.
func (o Operator) Enable(ctx context.Context, user store.User) error {
	return o.change(ctx, user, "user_enabled", func(q *store.Queries) error { return q.EnableUser(ctx, user.ID) })
}

// Delete removes an account and all that is the person's: sessions, known
// addresses, and the audit lines with their addresses and devices. What stays
// is one line that says that the account, by its id, was deleted. It returns
// store.ErrNotFound.
func (o Operator) Delete(ctx context.Context, user store.User) error {
	return o.change(ctx, user, "user_deleted", func(q *store.Queries) error {
		// First, so that their access tokens stop counting everywhere.
		if _, err := q.EndSessionsOf(ctx, user.ID, "", o.Now()); err != nil {
			return err
		}
		if err := errors.Join(q.DeleteAuditOf(ctx, user.ID), q.DeleteAttempts(ctx, user.Email)); err != nil {
			return err
		}
		return q.DeleteUser(ctx, user.ID)
	})
}

// EndSessions ends all sessions of a person, and returns how many.
func (o Operator) EndSessions(ctx context.Context, user store.User) (ended int, err error) {
	return ended, o.change(ctx, user, "sessions_ended", func(q *store.Queries) error {
		ids, err := q.EndSessionsOf(ctx, user.ID, "", o.Now())
		ended = len(ids)
		return err
	})
}

// EndSession ends one session. It returns store.ErrNotFound when there is none
// of this id that has not ended.
func (o Operator) EndSession(ctx context.Context, id string) error {
	return o.Store.Write(ctx, func(q *store.Queries) error {
		session, err := q.Session(ctx, id)
		if err != nil {
			return err
		}
		if err := q.EndSession(ctx, id, o.Now()); err != nil {
			return err
		}
		return o.audit(ctx, q, "session_end", session.UserID, id)
	})
}

// change does something to an account, with its audit line.
func (o Operator) change(ctx context.Context, user store.User, event string, do func(*store.Queries) error) error {
	return o.Store.Write(ctx, func(q *store.Queries) error {
		if err := do(q); err != nil {
			return err
		}
		return o.audit(ctx, q, event, user.ID, "")
	})
}

// commandLine is where an operator's changes come from.
var commandLine = Client{UserAgent: "lychgate command line"}

func (o Operator) audit(ctx context.Context, q *store.Queries, event, userID, sessionID string) error {
	return q.Audit(ctx, store.AuditLine{
		At: o.Now(), Event: event, Outcome: outcomeSuccess, UserID: userID, SessionID: sessionID, UserAgent: commandLine.UserAgent,
	})
}
