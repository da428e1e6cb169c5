package store

import (
	"context"
	"strconv"
	"strings"
	"time"

	"lychgate/server/database"
)

// What happens to the times in a column when the wall clock is set back.
const (
	left  = iota // unchanged
	moved        // SetTimesBack moves them
	own          // a separate method moves them
)

// timeColumn is a column of times.
type timeColumn struct {
	table, column string
	setBack       int
	where         string // which rows; empty: all
	latest        bool   // LatestTime reads it
}

const notRevoked = `ended_at IS NULL`

// timeColumns are all columns of times; add new ones here. A lifetime counted
// from a stored time would grow by the step, so that time has to be moved.
var timeColumns = []timeColumn{
	{"sessions", "created_at", moved, notRevoked, true},
	{"sessions", "rotated_at", moved, notRevoked, false}, // never later than last_seen_at
	{"sessions", "last_seen_at", moved, notRevoked, true},
	{"sessions", "proved_at", moved, notRevoked, false}, // never later either
	{"sessions", "ended_at", left, "", false},           // used only by sweeps, which handle steps themselves
	{"account_attempts", "full_at", moved, "", false},   // in the future, so no measure of the clock
	{"signing_keys", "created_at", own, "", true},       // SetSigningKeysBack: all keys retire at once
	{"plan_grants", "until", left, "", false},           // a calendar date
	{"users", "created_at", left, "", false},            // no lifetime depends on it
	{"users", "disabled_at", left, "", false},           // only its presence counts
	{"changes", "at", left, "", false},                  // used only by sweeps
	{"known_addresses", "last_used_at", left, "", false},
	{"audit", "at", left, "", false},            // a record of what the clock showed
	{"access_ttls", "used_at", left, "", false}, // kept longer, which is harmless
	{"maintenance", "swept_at", left, "", false},
	{"maintenance", "ahead_at", left, "", false},
}

// moves returns one statement per table whose times are moved, and how many
// arguments it takes: the step in milliseconds, once per column.
func moves() (statements []string, columns []int) {
	for rest := timeColumns; len(rest) > 0; {
		first, sets := rest[0], []string(nil)
		for len(rest) > 0 && rest[0].table == first.table && rest[0].where == first.where {
			if c := rest[0]; c.setBack == moved {
				sets = append(sets, c.column+` = `+c.column+` - $`+strconv.Itoa(len(sets)+1))
			}
			rest = rest[1:]
		}
		if len(sets) > 0 {
			statements = append(statements, `UPDATE `+first.table+` SET `+strings.Join(sets, ", ")+first.condition())
			columns = append(columns, len(sets))
		}
	}
	return statements, columns
}

func (c timeColumn) condition() string {
	if c.where == "" {
		return ""
	}
	return ` WHERE ` + c.where
}

// SetTimesBack moves the times of unrevoked sessions and of attempts back by a
// duration, after the clock was set back.
func (q *Queries) SetTimesBack(ctx context.Context, by time.Duration) error {
	statements, columns := moves()
	for i, statement := range statements {
		var args []any
		for range columns[i] {
			args = append(args, by.Milliseconds())
		}
		if _, err := q.exec(ctx, "set times back", statement, args...); err != nil {
			return err
		}
	}
	return nil
}

// LatestTime returns the latest stored time of signing keys and unrevoked
// sessions: the current time cannot be earlier.
func (q *Queries) LatestTime(ctx context.Context) (latest time.Time, err error) {
	for _, c := range timeColumns {
		if !c.latest {
			continue
		}
		at, err := q.time(ctx, `SELECT COALESCE(MAX(`+c.column+`), 0) FROM `+c.table+c.condition())
		if err != nil {
			return time.Time{}, err
		}
		if at.After(latest) {
			latest = at
		}
	}
	return latest, nil
}

// LatestRecord returns the later of LatestTime and the last audit line.
func (q *Queries) LatestRecord(ctx context.Context) (time.Time, error) {
	latest, err := q.LatestTime(ctx)
	if err != nil {
		return time.Time{}, err
	}
	line, err := q.time(ctx, `SELECT COALESCE((SELECT at FROM audit ORDER BY seq DESC LIMIT 1), 0)`)
	if line.After(latest) {
		latest = line
	}
	return latest, err
}

func (q *Queries) time(ctx context.Context, query string) (at time.Time, err error) {
	err = q.one(ctx, "read the latest time", []any{(*database.Stamp)(&at)}, query)
	return at, err
}
