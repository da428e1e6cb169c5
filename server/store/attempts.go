package store

import (
	"context"
	"database/sql"
	"time"

	"lychgate/server/database"
)

// Attempts says when an account, existing or not, will have all its sign-in
// attempts again.
type Attempts struct {
	Account string // the caller's key for the account, in column email
	FullAt  time.Time
}

// SaveAttempts stores the attempts of an account.
func (q *Queries) SaveAttempts(ctx context.Context, a Attempts) error {
	return q.changeAttempts(ctx, "save the attempts of an account", a.Account,
		`INSERT INTO account_attempts (email, full_at) VALUES ($1, $2) ON CONFLICT (email) DO UPDATE SET full_at = excluded.full_at`,
		a.Account, database.Stamp(a.FullAt))
}

// changeAttempts runs a statement that changes an account's attempts, and
// records the change.
func (q *Queries) changeAttempts(ctx context.Context, what, account, statement string, args ...any) error {
	if _, err := q.exec(ctx, what, statement, args...); err != nil {
		return err
	}
	return q.change(ctx, LimitChange, time.Now(), account)
}

// AttemptsAt returns the attempts of all accounts that do not have all of them
// back at a time.
func (q *Queries) AttemptsAt(ctx context.Context, at time.Time) ([]Attempts, error) {
	return all(ctx, q, "read the attempts of accounts", func(rows *sql.Rows) (a Attempts, err error) {
		err = rows.Scan(&a.Account, (*database.Stamp)(&a.FullAt))
		return a, err
	}, `SELECT email, full_at FROM account_attempts WHERE full_at > $1 ORDER BY email`, database.Stamp(at))
}

// SweepAttempts deletes up to limit rows of accounts that had all attempts back
// before a time, which changes nothing for them, and returns how many.
func (q *Queries) SweepAttempts(ctx context.Context, before time.Time, limit int) (int64, error) {
	return q.exec(ctx, "sweep the attempts of accounts",
		`DELETE FROM account_attempts WHERE email IN (SELECT email FROM account_attempts WHERE full_at < $1 ORDER BY full_at LIMIT $2)`,
		database.Stamp(before), limit)
}

// DeleteAttempts deletes the attempts of an account.
func (q *Queries) DeleteAttempts(ctx context.Context, account string) error {
	return q.changeAttempts(ctx, "delete the attempts of an account", account, `DELETE FROM account_attempts WHERE email = $1`, account)
}

// AttemptsOf returns the attempts of an account, or ErrNotFound if it has all
// of them back.
func (q *Queries) AttemptsOf(ctx context.Context, account string) (Attempts, error) {
	a := Attempts{Account: account}
	err := q.one(ctx, "read the attempts of an account", []any{(*database.Stamp)(&a.FullAt)}, `SELECT full_at FROM account_attempts WHERE email = $1`, account)
	return a, err
}
