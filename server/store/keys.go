package store

import (
	"context"
	"database/sql"
	"time"
)

// SigningKey is a private key, sealed under the installation's secret.
type SigningKey struct {
	ID        string
	Sealed    []byte
	CreatedAt time.Time
}

// CreateSigningKey stores a key.
func (q *Queries) CreateSigningKey(ctx context.Context, key SigningKey) error {
	_, err := q.exec(ctx, "store a signing key",
		`INSERT INTO signing_keys (id, sealed, created_at) VALUES ($1, $2, $3)`, key.ID, key.Sealed, millis(key.CreatedAt))
	return err
}

// SigningKeys returns all keys, the newest first.
func (q *Queries) SigningKeys(ctx context.Context) ([]SigningKey, error) {
	return all(ctx, q, "read the signing keys",
		func(rows *sql.Rows) (key SigningKey, err error) {
			var createdAt int64
			err = rows.Scan(&key.ID, &key.Sealed, &createdAt)
			key.CreatedAt = fromMillis(createdAt)
			return key, err
		},
		`SELECT id, sealed, created_at FROM signing_keys ORDER BY created_at DESC, id`)
}

// DeleteRetiredSigningKeys removes the keys that were no longer the newest at a
// time.
func (q *Queries) DeleteRetiredSigningKeys(ctx context.Context, before time.Time) error {
	_, err := q.exec(ctx, "delete retired signing keys",
		`DELETE FROM signing_keys WHERE created_at < (SELECT MAX(created_at) FROM signing_keys WHERE created_at < $1)`, millis(before))
	return err
}
