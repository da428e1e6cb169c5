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
	left  = iota // they stay
	moved        // SetTimesBack makes them earlier by as much
	own          // a method of its own does
)

// timeColumn is a column that holds times.
type timeColumn struct {
	table, column string
	setBack       int
	where         string // which rows that is about; empty: all
	latest        bool   // whether LatestTime goes by them
}

const notRevoked = `ended_at IS NULL`

// timeColumns are all columns that hold times; whoever adds one says here what
// becomes of it. What lasts for so long from the time that is stored would last
// longer by the step, and so has to be moved.
var timeColumns = []timeColumn{
	{"sessions", "created_at", moved, notRevoked, true},
	{"sessions", "rotated_at", moved, notRevoked, false}, // a rotation is a use too: none is later than the last
	{"sessions", "last_seen_at", moved, notRevoked, true},
	{"sessions", "proved_at", moved, notRevoked, false}, // nor is a proof
	{"sessions", "ended_at", left, "", false},           // only sweeps go by it, and they mind the clock themselves
	{"account_attempts", "full_at", moved, "", false},   // the future is no time that was told
	{"signing_keys", "created_at", own, "", true},       // SetSigningKeysBack: all keys retire at once
	{"plan_grants", "until", left, "", false},           // a day in the calendar
	{"users", "created_at", left, "", false},            // nothing ends by it
	{"users", "disabled_at", left, "", false},           // what counts is that there is one
	{"changes", "at", left, "", false},                  // only sweeps go by it
	{"known_addresses", "last_used_at", left, "", false},
	{"audit", "at", left, "", false},            // what the clock showed
	{"access_ttls", "used_at", left, "", false}, // on record for longer by the step, which does no harm
	{"maintenance", "swept_at", left, "", false},
	{"maintenance", "ahead_at", left, "", false},
}

// moves returns a statement for each table whose times are moved, with how many
// arguments it takes: by how much, in milliseconds, for each column.
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

// SetTimesBack makes the sessions that have not been revoked, and the time when
// attempts of accounts come back, earlier by so much: what was told by a clock
// that has been set back since.
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

// LatestTime returns the latest time that stands with a signing key or a
// session that has not been revoked: of all that lives, none can have been stored
// before it.
func (q *Queries) LatestTime(ctx context.Context) (latest time.Time, err error) {
	for _, c := range timeColumns {
		if !c.latest {
			continue
		}
		at, err := q.time(ctx, `SELECT COALESCE(MAX(`+c.column+`), 0) FROM `+c.table+c.condition())
		if err != nil {
			return time.Time{}, err
		}
		latest = later(latest, at)
	}
	return latest, nil
}

// LatestRecord returns LatestTime, or the time of the last line of the audit
// log where that is later.
func (q *Queries) LatestRecord(ctx context.Context) (time.Time, error) {
	latest, err := q.LatestTime(ctx)
	if err != nil {
		return time.Time{}, err
	}
	line, err := q.time(ctx, `SELECT COALESCE((SELECT at FROM audit ORDER BY seq DESC LIMIT 1), 0)`)
	return later(latest, line), err
}

func (q *Queries) time(ctx context.Context, query string) (at time.Time, err error) {
	err = q.one(ctx, "read the latest time", []any{(*database.Stamp)(&at)}, query)
	return at, err
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
