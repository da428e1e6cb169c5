package store

import (
	"context"
	"database/sql"
	"iter"
	"time"

	"lychgate/server/database"
	"lychgate/server/problem"
)

// User is an account.
type User struct {
	ID           string
	Email        string // in canonical form
	Name         string
	PasswordHash string
	// PasswordVersion changes with the password, not when the same password is
	// rehashed.
	PasswordVersion int64
	CreatedAt       time.Time
	Disabled        bool
	EmailVerified   bool // according to the system it was imported from
	Role            string
}

// ErrEmailTaken is returned when an account with the address exists.
var ErrEmailTaken = problem.New(problem.Conflict, "email_taken", "There is an account with this e-mail address already. Sign in instead.")

// CreateUser stores a new account, with its first password and the role "user".
// It returns ErrEmailTaken.
func (q *Queries) CreateUser(ctx context.Context, u User) error {
	_, err := q.exec(ctx, "create a user",
		`INSERT INTO users (id, email, name, password_hash, password_version, created_at, email_verified) VALUES ($1, $2, $3, $4, 1, $5, $6)`,
		u.ID, u.Email, u.Name, u.PasswordHash, database.Stamp(u.CreatedAt), u.EmailVerified)
	if database.IsUnique(err) {
		return ErrEmailTaken
	}
	if err != nil {
		return err
	}
	return q.change(ctx, SubjectChange, time.Now(), u.ID)
}

const (
	userColumns = `id, email, name, password_hash, password_version, created_at, disabled_at IS NOT NULL, email_verified, role`
	selectUser  = `SELECT ` + userColumns + ` FROM users `
)

func scanUser(scan func(...any) error) (u User, err error) {
	err = scan(&u.ID, &u.Email, &u.Name, &u.PasswordHash, &u.PasswordVersion, (*database.Stamp)(&u.CreatedAt), &u.Disabled, &u.EmailVerified, &u.Role)
	return u, err
}

func (q *Queries) user(ctx context.Context, where string, arg any) (User, error) {
	return scanUser(func(into ...any) error { return q.one(ctx, "read a user", into, selectUser+where, arg) })
}

// Users returns all accounts, ordered by e-mail address.
func (q *Queries) Users(ctx context.Context) iter.Seq2[User, error] {
	return inPages(func(after *User) ([]User, error) {
		if after == nil {
			after = &User{}
		}
		return all(ctx, q, "list users", func(rows *sql.Rows) (User, error) { return scanUser(rows.Scan) },
			selectUser+`WHERE email > $1 ORDER BY email LIMIT $2`, after.Email, StepRows)
	})
}

// UserByEmail returns the account with a canonical address, or ErrNotFound.
func (q *Queries) UserByEmail(ctx context.Context, email string) (User, error) {
	return q.user(ctx, `WHERE email = $1`, email)
}

// User returns an account, or ErrNotFound.
func (q *Queries) User(ctx context.Context, id string) (User, error) {
	return q.user(ctx, `WHERE id = $1`, id)
}

// changeUser runs a statement that changes an account, and records the change.
// It returns ErrNotFound if no row changed.
func (q *Queries) changeUser(ctx context.Context, what, id, statement string, args ...any) error {
	if err := found(q.exec(ctx, what, statement, args...)); err != nil {
		return err
	}
	return q.change(ctx, SubjectChange, time.Now(), id)
}

// CountUsers returns the number of accounts. It works on every schema version.
func (q *Queries) CountUsers(ctx context.Context) (count int, err error) {
	err = q.one(ctx, "count the users", []any{&count}, `SELECT COUNT(*) FROM users`)
	return count, err
}

// RenameUser changes the name of an account. It returns ErrNotFound.
func (q *Queries) RenameUser(ctx context.Context, id, name string) error {
	return q.changeUser(ctx, "rename a user", id, `UPDATE users SET name = $1 WHERE id = $2`, name, id)
}

// SetRole sets the role of an account. It returns ErrNotFound.
func (q *Queries) SetRole(ctx context.Context, id, role string) error {
	return q.changeUser(ctx, "set a role", id, `UPDATE users SET role = $1 WHERE id = $2`, role, id)
}

// SetPasswordHash changes the password of an account. It returns ErrNotFound.
func (q *Queries) SetPasswordHash(ctx context.Context, id, hash string) error {
	return q.changeUser(ctx, "set a password", id,
		`UPDATE users SET password_hash = $1, password_version = password_version + 1 WHERE id = $2`, hash, id)
}

// RenewPasswordHash stores a new hash of the same password. The account does
// not change. It returns ErrNotFound.
func (q *Queries) RenewPasswordHash(ctx context.Context, id, hash string) error {
	return found(q.exec(ctx, "renew a password's hash", `UPDATE users SET password_hash = $1 WHERE id = $2`, hash, id))
}

// DisableUser keeps a person from signing in. It returns ErrNotFound.
func (q *Queries) DisableUser(ctx context.Context, id string, at time.Time) error {
	return q.changeUser(ctx, "disable a user", id, `UPDATE users SET disabled_at = $1 WHERE id = $2`, database.Stamp(at), id)
}

// EnableUser lets a person sign in again. It returns ErrNotFound.
func (q *Queries) EnableUser(ctx context.Context, id string) error {
	return q.changeUser(ctx, "enable a user", id, `UPDATE users SET disabled_at = NULL WHERE id = $1`, id)
}

// DeleteUser deletes an account with its sessions, plans and known addresses.
// It returns ErrNotFound.
func (q *Queries) DeleteUser(ctx context.Context, id string) error {
	if _, err := q.changeChosen(ctx, SessionChange, `FROM sessions WHERE user_id = $2 AND ended_at IS NULL`, time.Now(), id); err != nil {
		return err
	}
	return q.changeUser(ctx, "delete a user", id, `DELETE FROM users WHERE id = $1`, id)
}

// RememberAddress notes that a person has signed in from an address.
func (q *Queries) RememberAddress(ctx context.Context, userID, address string, at time.Time) error {
	_, err := q.exec(ctx, "remember an address",
		`INSERT INTO known_addresses (user_id, address, last_used_at) VALUES ($1, $2, $3)
		 ON CONFLICT (user_id, address) DO UPDATE SET last_used_at = excluded.last_used_at`,
		userID, address, database.Stamp(at))
	return err
}

// ForgetAddressesOf deletes up to limit addresses of a person except for the
// keep most recently used, and returns how many.
func (q *Queries) ForgetAddressesOf(ctx context.Context, userID string, keep, limit int) (int64, error) {
	return q.exec(ctx, "forget addresses",
		`DELETE FROM known_addresses WHERE user_id = $1 AND address IN (
		   SELECT address FROM known_addresses WHERE user_id = $2 ORDER BY last_used_at DESC LIMIT $3 OFFSET $4)`,
		userID, userID, limit, keep)
}

// SweepAddresses deletes up to limit addresses last used before a time, and
// returns how many.
func (q *Queries) SweepAddresses(ctx context.Context, before time.Time, limit int) (int64, error) {
	return q.exec(ctx, "sweep addresses",
		`DELETE FROM known_addresses WHERE (user_id, address) IN (
		   SELECT user_id, address FROM known_addresses WHERE last_used_at < $1 ORDER BY last_used_at LIMIT $2)`,
		database.Stamp(before), limit)
}

// KnowsAddress reports whether the person has signed in from an address.
func (q *Queries) KnowsAddress(ctx context.Context, userID, address string) (known bool, err error) {
	err = q.one(ctx, "look up an address", []any{&known},
		`SELECT EXISTS (SELECT 1 FROM known_addresses WHERE user_id = $1 AND address = $2)`, userID, address)
	return known, err
}
