package auth

import (
	"context"
	"errors"
	"fmt"
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
	_, err := revokeAll(ctx, o.Store, o.Now, user.ID, "", regardless, func(q *store.Queries) error {
		if err := q.DisableUser(ctx, user.ID, o.Now()); err != nil {
			return err
		}
		return o.audit(ctx, q, "user_disabled", user.ID, "")
	})
	return err
}

// Enable lets a person sign in again. It returns store.ErrNotFound.
func (o Operator) Enable(ctx context.Context, user store.User) error {
	return o.Store.Write(ctx, func(q *store.Queries) error {
		if err := q.EnableUser(ctx, user.ID); err != nil {
			return err
		}
		return o.audit(ctx, q, "user_enabled", user.ID, "")
	})
}

// Delete removes an account and all that is the person's: sessions, known
// addresses, and the audit lines with their addresses and devices. What stays
// is one line that says that the account, by its id, was deleted. It goes in
// steps, the account itself in the last; one that was broken off is repeated. It
// returns store.ErrNotFound.
func (o Operator) Delete(ctx context.Context, user store.User) error {
	err := o.Store.InSteps(ctx, func(q *store.Queries) (more bool, err error) {
		// Sessions first, so that their access tokens stop counting everywhere.
		for _, remove := range []func() (int64, error){
			func() (int64, error) { return q.DeleteSessionsOf(ctx, user.ID, o.Now(), store.StepRows) },
			func() (int64, error) { return q.ForgetAddressesOf(ctx, user.ID, 0, store.StepRows) },
			func() (int64, error) { return q.DeleteAuditOf(ctx, user.ID, store.StepRows) },
		} {
			if removed, err := remove(); err != nil || removed == store.StepRows {
				return true, err
			}
		}
		if err := errors.Join(q.DeleteAttempts(ctx, accountKey(user.Email)), q.DeleteUser(ctx, user.ID), q.NoteErasure(ctx)); err != nil {
			return false, err
		}
		return false, o.audit(ctx, q, "user_deleted", user.ID, "")
	})
	if err != nil {
		return err
	}
	if err := o.erase(ctx); err != nil {
		return fmt.Errorf("the account is deleted, but traces of it are still in the log of the database; a server that runs removes them: %w", err)
	}
	return nil
}

const (
	eraseTries = 20
	erasePause = 100 * time.Millisecond
)

// erase removes the last traces of what was deleted from the database's files. As
// long as others read from them, a running server has to do it later.
func (o Operator) erase(ctx context.Context) error {
	again := time.NewTicker(erasePause)
	defer again.Stop()
	for range eraseTries {
		if done, err := o.Store.Erase(ctx); done || err != nil {
			return err
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return nil
		}
	}
	return nil
}

// EndSessions ends all sessions of a person, and returns how many.
func (o Operator) EndSessions(ctx context.Context, user store.User) (ended int, err error) {
	revoked, err := revokeAll(ctx, o.Store, o.Now, user.ID, "", regardless, func(q *store.Queries) error {
		return o.audit(ctx, q, "sessions_ended", user.ID, "")
	})
	return len(revoked), err
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

// commandLine is where an operator's changes come from.
var commandLine = Client{UserAgent: "lychgate command line"}

func (o Operator) audit(ctx context.Context, q *store.Queries, event, userID, sessionID string) error {
	return q.Audit(ctx, store.AuditLine{
		At: o.Now(), Event: event, Outcome: outcomeSuccess, UserID: userID, SessionID: sessionID, UserAgent: commandLine.UserAgent,
	})
}
