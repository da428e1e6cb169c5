package auth

import (
	"context"

	"lychgate/server/secret"
	"lychgate/server/store"
)

// CheckSecret returns ErrWrongSecret where a database's signing keys cannot be
// opened with a secret.
func CheckSecret(ctx context.Context, q *store.Queries, root secret.Root) error {
	keys, err := q.SigningKeys(ctx)
	if err != nil {
		return err
	}
	for _, key := range keys {
		if _, err := openKey(root, key); err != nil {
			return err
		}
	}
	return nil
}

// RevokeRestored makes worthless every token that was made before a copy of the
// database takes its place, and returns how many sessions it revoked. The copy
// cannot know which tokens were superseded, and which sessions were revoked,
// after it was made.
func (o Operator) RevokeRestored(ctx context.Context, root secret.Root) (revoked int64, err error) {
	keys := &Keys{store: o.Store, root: root, now: o.Now}
	return revoked, o.Store.Rewrite(ctx, func(q *store.Queries) error {
		if revoked, err = q.RevokeAllSessions(ctx, o.Now()); err != nil {
			return err
		}
		if err := keys.turnOver(ctx, q, o.Now()); err != nil {
			return err
		}
		return o.audit(ctx, q, "database_restored", "", "")
	})
}
