package store

import (
	"context"
	"database/sql"
	"time"

	"lychgate/server/database"
)

// SigningKey is a private key, sealed under the installation's secret.
type SigningKey struct {
	ID        string
	Sealed    []byte
	CreatedAt time.Time
}

// CreateSigningKey stores a key.
func (q *Queries) CreateSigningKey(ctx context.Context, key SigningKey) error {
	if _, err := q.exec(ctx, "store a signing key",
		`INSERT INTO signing_keys (id, sealed, created_at) VALUES ($1, $2, $3)`, key.ID, key.Sealed, database.Stamp(key.CreatedAt)); err != nil {
		return err
	}
	return q.change(ctx, KeyChange, time.Now(), key.ID)
}

// SigningKeys returns all keys, newest first.
func (q *Queries) SigningKeys(ctx context.Context) ([]SigningKey, error) {
	return all(ctx, q, "read the signing keys",
		func(rows *sql.Rows) (key SigningKey, err error) {
			err = rows.Scan(&key.ID, &key.Sealed, (*database.Stamp)(&key.CreatedAt))
			return key, err
		},
		`SELECT id, sealed, created_at FROM signing_keys ORDER BY created_at DESC, id`)
}

// DeleteRetiredSigningKeys deletes the keys that already had a successor at a
// time.
func (q *Queries) DeleteRetiredSigningKeys(ctx context.Context, before time.Time) error {
	return q.changeKeys(ctx, "delete retired signing keys",
		`DELETE FROM signing_keys WHERE created_at < (SELECT MAX(created_at) FROM signing_keys WHERE created_at < $1) RETURNING id`, database.Stamp(before))
}

// SetSigningKeysBack moves the creation of all keys back by a duration.
func (q *Queries) SetSigningKeysBack(ctx context.Context, by time.Duration) error {
	return q.changeKeys(ctx, "set the signing keys back",
		`UPDATE signing_keys SET created_at = created_at - $1 RETURNING id`, by.Milliseconds())
}

// changeKeys runs a statement that returns the ids of the keys it changes, and
// records the changes.
func (q *Queries) changeKeys(ctx context.Context, what, statement string, args ...any) error {
	ids, err := all(ctx, q, what, scanID, statement, args...)
	if err != nil {
		return err
	}
	return q.change(ctx, KeyChange, time.Now(), ids...)
}
