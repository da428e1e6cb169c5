package user

import (
	"context"
	"errors"
	"fmt"
	"time"

	"lychgate/server/audit"
	"lychgate/server/limit"
	"lychgate/server/session"
	"lychgate/server/store"
)

// Service changes accounts. Every change but that of the name is audited with its
// actor, and running servers follow within a second. It needs no secret.
type Service struct {
	Store *store.Store
	Now   func() time.Time
}

// ByEmail returns the account of an e-mail address, however it is spelled. It
// returns store.ErrNotFound, or faults of the address.
func (s Service) ByEmail(ctx context.Context, email string) (store.User, error) {
	canonical, err := CanonicalEmail(email)
	if err != nil {
		return store.User{}, err
	}
	return s.Store.Read().UserByEmail(ctx, canonical)
}

// Exists reports whether a canonical address has an account.
func (s Service) Exists(ctx context.Context, email string) (bool, error) {
	_, err := s.Store.Read().UserByEmail(ctx, email)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// Rename changes the name of an account, which CheckName has let pass. It returns
// problem.ErrUnauthenticated when the account is gone or disabled.
func (s Service) Rename(ctx context.Context, userID, name string) error {
	return s.Store.Write(ctx, func(q *store.Queries) error {
		if _, err := Current(ctx, q, userID); err != nil {
			return err
		}
		return q.RenameUser(ctx, userID, name)
	})
}

// Disable stops a person from signing in, and revokes all their sessions. It
// returns store.ErrNotFound.
func (s Service) Disable(ctx context.Context, userID string, by audit.By) error {
	_, err := session.RevokeAll(ctx, s.Store, s.Now, userID, "", session.Regardless, func(q *store.Queries) error {
		if err := q.DisableUser(ctx, userID, s.Now()); err != nil {
			return err
		}
		return s.audit(ctx, q, audit.UserDisabled, userID, by)
	})
	return err
}

// Enable lets a person sign in again. It returns store.ErrNotFound.
func (s Service) Enable(ctx context.Context, userID string, by audit.By) error {
	return s.Store.Write(ctx, func(q *store.Queries) error {
		if err := q.EnableUser(ctx, userID); err != nil {
			return err
		}
		return s.audit(ctx, q, audit.UserEnabled, userID, by)
	})
}

// SetRole changes the role of an account. It returns store.ErrNotFound.
func (s Service) SetRole(ctx context.Context, userID, role string, by audit.By) error {
	return s.Store.Write(ctx, func(q *store.Queries) error {
		if err := q.SetRole(ctx, userID, role); err != nil {
			return err
		}
		return s.audit(ctx, q, audit.UserRole, userID, by)
	})
}

// GrantPlan grants an account a plan, or changes when its grant ends. It returns
// store.ErrNotFound if there is no such account.
func (s Service) GrantPlan(ctx context.Context, grant store.PlanGrant, by audit.By) error {
	return s.Store.Write(ctx, func(q *store.Queries) error {
		if err := q.GrantPlan(ctx, grant); err != nil {
			return err
		}
		return s.audit(ctx, q, audit.PlanGranted, grant.UserID, by)
	})
}

// RevokePlan revokes a plan that a source granted to an account. It returns
// store.ErrNotFound if there is no such grant.
func (s Service) RevokePlan(ctx context.Context, userID, plan, source string, by audit.By) error {
	return s.Store.Write(ctx, func(q *store.Queries) error {
		if err := q.RevokePlan(ctx, userID, plan, source); err != nil {
			return err
		}
		return s.audit(ctx, q, audit.PlanRevoked, userID, by)
	})
}

// RevokeSessions revokes all sessions of a person, and returns how many.
func (s Service) RevokeSessions(ctx context.Context, userID string, by audit.By) (int, error) {
	return session.RevokeAll(ctx, s.Store, s.Now, userID, "", session.Regardless, func(q *store.Queries) error {
		return s.audit(ctx, q, audit.SessionsEnded, userID, by)
	})
}

// RevokeSession revokes one session. It returns store.ErrNotFound unless there is a
// session with this id that has not been revoked.
func (s Service) RevokeSession(ctx context.Context, id string, by audit.By) error {
	return s.Store.Write(ctx, func(q *store.Queries) error {
		return session.RevokeOne(ctx, q, s.Now(), id, audit.SessionEnd, by)
	})
}

// Delete removes an account and everything about its person: sessions, known
// addresses, plans, and audit lines with their addresses and devices. One line
// remains, which says that the account with this id was deleted. It works in steps
// and removes the account itself in the last one; if it is interrupted, run it
// again. It returns store.ErrNotFound.
func (s Service) Delete(ctx context.Context, user store.User, by audit.By) error {
	err := s.Store.InSteps(ctx, func(q *store.Queries) (more bool, err error) {
		// Sessions first, so that their access tokens stop counting everywhere.
		for _, remove := range []func() (int64, error){
			func() (int64, error) { return q.DeleteSessionsOf(ctx, user.ID, s.Now(), store.StepRows) },
			func() (int64, error) { return q.ForgetAddressesOf(ctx, user.ID, 0, store.StepRows) },
			func() (int64, error) { return q.DeleteAuditOf(ctx, user.ID, store.StepRows) },
		} {
			if removed, err := remove(); err != nil || removed == store.StepRows {
				return true, err
			}
		}
		if err := errors.Join(q.DeleteAttempts(ctx, limit.AccountKey(user.Email)), q.DeleteUser(ctx, user.ID), q.NoteErasure(ctx)); err != nil {
			return false, err
		}
		return false, s.audit(ctx, q, audit.UserDeleted, user.ID, by)
	})
	if err != nil {
		return err
	}
	if err := s.erase(ctx); err != nil {
		return fmt.Errorf("the account is deleted, but traces of it are still in the database's write-ahead log; a running server removes them: %w", err)
	}
	return nil
}

const (
	eraseTries = 20
	erasePause = 100 * time.Millisecond
)

// erase removes the last traces of what was deleted from the database's files. While
// others read from them, it leaves that to a running server.
func (s Service) erase(ctx context.Context) error {
	again := time.NewTicker(erasePause)
	defer again.Stop()
	for range eraseTries {
		if done, err := s.Store.Erase(ctx); done || err != nil {
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

func (s Service) audit(ctx context.Context, q *store.Queries, event audit.Event, userID string, by audit.By) error {
	return audit.Write(ctx, q, s.Now(), audit.Line{Event: event, UserID: userID, By: by})
}
