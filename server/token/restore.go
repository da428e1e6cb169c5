package token

import (
	"context"
	"time"

	"lychgate/server/audit"
	"lychgate/server/secret"
	"lychgate/server/store"
)

// RevokeAll invalidates every token issued before a copy of the database takes
// its place, and returns how many sessions it revoked. The copy cannot know
// which tokens were rotated and which sessions revoked after it was made.
func RevokeAll(ctx context.Context, db *store.Store, root secret.Root, now time.Time, by audit.By) (revoked int64, err error) {
	keys := &Keys{store: db, root: root}
	err = db.WriteLong(ctx, func(q *store.Queries) error {
		if revoked, err = q.RevokeAllSessions(ctx, now); err != nil {
			return err
		}
		if err := keys.Replace(ctx, q, now); err != nil {
			return err
		}
		return audit.Write(ctx, q, now, audit.Line{Event: audit.DatabaseRestored, By: by})
	})
	return revoked, err
}
