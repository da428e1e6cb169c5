//go:build linux

package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	_ "modernc.org/sqlite"
)

const (
	fewAccounts  = 1_000
	manyAccounts = 1_000_000
)

// measureLarge compares our server on a database of many accounts, each with a
// session, to one of few.
func (b *bench) measureLarge(ctx context.Context) error {
	if !b.wants("large-profile", "large-start") {
		return nil
	}
	defer b.stopAll()
	few, many := filepath.Join(b.scratch, "few"), filepath.Join(b.scratch, "many")
	for directory, accounts := range map[string]int{few: fewAccounts, many: manyAccounts} {
		say("Making %d accounts.", accounts)
		if _, err := b.startOurs(ctx, directory); err != nil { // makes the database
			return err
		}
		b.stopAll()
		if err := fill(ctx, filepath.Join(directory, "lychgate.db"), accounts); err != nil {
			return err
		}
	}
	var seconds []float64
	for range b.rounds {
		s, err := b.startOurs(ctx, many)
		if err != nil {
			return err
		}
		seconds = append(seconds, s.started.Seconds())
		b.stopAll()
	}
	b.addAll("large-start", map[string][]float64{ours: seconds})

	small, err := b.startOurs(ctx, few)
	if err != nil {
		return err
	}
	large, err := b.startOurs(ctx, many)
	if err != nil {
		return err
	}
	small.name = "small"
	for _, s := range []*server{small, large} {
		s.requests["large-profile"] = s.requests["profile"]
	}
	return b.contest(ctx, "large-profile", []*server{small, large})
}

// fill adds accounts, each with a session that was just used, to the database of
// a stopped server.
func fill(ctx context.Context, file string, accounts int) (err error) {
	// Nothing is lost with it if the machine fails, so it need not wait for the
	// disk.
	db, err := sql.Open("sqlite", file+"?_pragma=synchronous(off)&_pragma=cache_size(-1000000)")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	now := time.Now().UnixMilli()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // it is committed, or there is an error already
	// Ids are random, as real ones are.
	if _, err := tx.ExecContext(ctx, `
		INSERT INTO users (id, email, name, password_hash, password_version, created_at)
		WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?)
		SELECT lower(hex(randomblob(16))), 'account-' || n || '@example.com', 'Account ' || n, '', 1, ? FROM numbers`,
		accounts, now); err != nil {
		return fmt.Errorf("make accounts: %w", err)
	}
	if _, err := tx.ExecContext(ctx, `
		INSERT INTO sessions (id, user_id, generation, rotated_at, created_at, last_seen_at, ip, user_agent)
		SELECT lower(hex(randomblob(16))), id, 1, ?, ?, ?, '192.0.2.1', '' FROM users`,
		now, now, now); err != nil {
		return fmt.Errorf("make sessions: %w", err)
	}
	return tx.Commit()
}
