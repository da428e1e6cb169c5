package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/pressly/goose/v3"
	history "github.com/pressly/goose/v3/database"
)

// firstOfForks is the lowest number of a fork's own migrations.
const firstOfForks = 1000

// firstErasing is the first schema of programs that overwrite what they delete.
// Earlier databases hold deleted and moved rows in unused space, and so are
// rewritten by VACUUM.
const firstErasing = 4

var (
	errForeign = errors.New("it is a database of another program")
	// errNewer is wrapped when a database has migrations that this program does
	// not know and that are not marked compatible.
	errNewer = errors.New("it was written by a newer version")
)

// schema compares a database's applied migrations with those a program knows,
// one by one and not by the highest number: a fork's own, from 1000 on, would
// hide newer ones of ours.
type schema struct {
	Version int64   // our highest applied; 0: none
	newest  int64   // our highest known to the program
	missing []int64 // known, not applied
	unknown []int64 // applied, neither known nor compatible
}

// readSchema compares a database with the migrations in a tree. An empty
// database lacks all; one with other tables only is refused.
func readSchema(ctx context.Context, db *sql.DB, tree fs.FS) (schema, error) {
	known, err := versionsIn(tree)
	if err != nil {
		return schema{}, err
	}
	applied, err := appliedVersions(ctx, db)
	if err != nil {
		return schema{}, err
	}
	s := schema{Version: newestOfOurs(applied), newest: newestOfOurs(known)}
	compatible, err := compatibleVersions(ctx, db, s.newest)
	if err != nil {
		return schema{}, err
	}
	for _, version := range applied {
		if !slices.Contains(known, version) && !slices.Contains(compatible, version) {
			s.unknown = append(s.unknown, version)
		}
	}
	for _, version := range known {
		if !slices.Contains(applied, version) {
			s.missing = append(s.missing, version)
		}
	}
	return s, nil
}

// notNewer returns an error if an unknown and incompatible migration was
// applied.
func (s schema) notNewer() error {
	if len(s.unknown) == 0 {
		return nil
	}
	return fmt.Errorf("%w (schema %s, this one knows %d): use that version, or a backup", errNewer, join(s.unknown), s.newest)
}

// ofCopy returns an error unless the program can restore a copy with this
// schema, which may be older.
func (s schema) ofCopy(ctx context.Context, db *sql.DB, tables []string) error {
	if err := s.notNewer(); err != nil {
		return err
	}
	if s.Version == 0 {
		return errors.New("this copy is empty: the lychgate.db of a running server lacks its latest changes, so use lychgate backup")
	}
	for _, table := range tables {
		if there, err := hasTable(ctx, db, table); err != nil || !there {
			return errors.Join(errForeign, err)
		}
	}
	return nil
}

// CheckCopy returns the schema versions of a copy and of a program with the
// migrations in a tree. It returns an error if the copy lacks one of the tables
// or is newer than the program.
func CheckCopy(ctx context.Context, db *sql.DB, tree fs.FS, tables ...string) (version, newest int64, err error) {
	found, err := readSchema(ctx, db, tree)
	if err != nil {
		return 0, 0, err
	}
	return found.Version, found.newest, found.ofCopy(ctx, db, tables)
}

// current returns an error unless the program can use the schema as it is.
func (s schema) current() error {
	if err := s.notNewer(); err != nil {
		return err
	}
	if len(s.missing) == 0 {
		return nil
	}
	return fmt.Errorf("its schema is older than this version's (it has %d and lacks %s): run lychgate migrate, or start the server with this version", s.Version, join(s.missing))
}

func versionsIn(tree fs.FS) (versions []int64, err error) {
	names, err := fs.Glob(tree, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		version, err := goose.NumericComponent(name)
		if err != nil {
			return nil, err
		}
		versions = append(versions, version)
	}
	slices.Sort(versions)
	return versions, nil
}

func appliedVersions(ctx context.Context, db *sql.DB) ([]int64, error) {
	recorded, err := hasTable(ctx, db, goose.DefaultTablename)
	if err != nil {
		return nil, err
	}
	if !recorded {
		var tables int
		if err := db.QueryRowContext(ctx, `SELECT COUNT(*) FROM sqlite_master`).Scan(&tables); err != nil {
			return nil, err
		}
		if tables > 0 {
			return nil, errForeign
		}
		return nil, nil
	}
	applied, err := history.NewStore(history.DialectSQLite3, goose.DefaultTablename)
	if err != nil {
		return nil, err
	}
	list, err := applied.ListMigrations(ctx, db)
	if err != nil {
		return nil, err
	}
	latest := map[int64]bool{} // the newest row of a version comes first
	for _, line := range list {
		if _, seen := latest[line.Version]; !seen {
			latest[line.Version] = line.IsApplied
		}
	}
	delete(latest, 0) // goose's initial row
	maps.DeleteFunc(latest, func(_ int64, applied bool) bool { return !applied })
	return slices.Sorted(maps.Keys(latest)), nil
}

// compatibleVersions returns the migrations marked compatible with programs
// whose newest migration is newest.
func compatibleVersions(ctx context.Context, db *sql.DB, newest int64) (versions []int64, err error) {
	if marked, err := hasTable(ctx, db, "schema_compatibility"); err != nil || !marked {
		return nil, err
	}
	rows, err := db.QueryContext(ctx, `SELECT version FROM schema_compatibility WHERE compatible_with <= $1`, newest)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var version int64
		if err := rows.Scan(&version); err != nil {
			return nil, err
		}
		versions = append(versions, version)
	}
	return versions, rows.Err()
}

func hasTable(ctx context.Context, db *sql.DB, name string) (found bool, err error) {
	err = db.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = $1)`, name).Scan(&found)
	return found, err
}

func newestOfOurs(versions []int64) (newest int64) {
	for _, version := range versions {
		if version < firstOfForks {
			newest = max(newest, version)
		}
	}
	return newest
}

func join(versions []int64) string {
	words := make([]string, len(versions))
	for i, version := range versions {
		words[i] = strconv.FormatInt(version, 10)
	}
	return strings.Join(words, ", ")
}

// Migrated reports what a migration did.
type Migrated struct {
	From, To int64   // schema version before and after, by our numbers
	Applied  []int64 // including a fork's own
}

// migrate applies the missing migrations of a tree.
func (db *DB) migrate(ctx context.Context, tree fs.FS) (Migrated, error) {
	before, err := readSchema(ctx, db.Writer.DB, tree)
	if err != nil {
		return Migrated{}, err
	}
	if err := before.notNewer(); err != nil {
		return Migrated{}, err
	}
	done := Migrated{From: before.Version, To: max(before.Version, before.newest), Applied: before.missing}
	if len(before.missing) == 0 {
		return done, nil
	}
	if 0 < before.Version && before.Version < firstErasing {
		if _, err := db.Writer.DB.ExecContext(ctx, `VACUUM`); err != nil {
			return Migrated{}, fmt.Errorf("rewrite the database, which needs free space of the same size in its directory: %w", err)
		}
	}
	files, err := fs.Sub(tree, "migrations")
	if err != nil {
		return Migrated{}, err
	}
	// A fork numbers its own from 1000 on and merges later ones of ours.
	provider, err := goose.NewProvider(goose.DialectSQLite3, db.Writer.DB, files, goose.WithAllowOutofOrder(true))
	if err != nil {
		return Migrated{}, err
	}
	_, err = provider.Up(ctx)
	return done, err
}
