package store

import (
	"context"
	"database/sql"
	"embed"
	"io/fs"

	"lychgate/server/database"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Opener opens stores; see database.Opener.
type Opener struct {
	// Waits is told what is being waited for, once that has taken a second. It
	// may be nil.
	Waits func(what string)

	known fs.FS // the migrations that the program knows; nil: the embedded ones
}

// Open is Opener.Migrated for those who wait without a word.
func Open(ctx context.Context, path string) (*Store, error) { return Opener{}.Migrated(ctx, path) }

// Migrated is Migrate, without what it did.
func (o Opener) Migrated(ctx context.Context, path string) (*Store, error) {
	store, _, err := o.Migrate(ctx, path)
	return store, err
}

// Migrate opens the SQLite database at path, making it when there is none, brings
// its schema up to date and says what it did: only a server and `lychgate migrate`
// may do that to a database that exists. It returns an error that names the path
// when the file cannot be used, or was written by a newer version.
func (o Opener) Migrate(ctx context.Context, path string) (*Store, database.Migrated, error) {
	db, done, err := o.opener().Migrate(ctx, path)
	if err != nil {
		return nil, done, err
	}
	return &Store{db: db}, done, nil
}

// AsIs opens a database that exists, for a command beside a server that may be
// of another version: its schema stays as it is, and one that this program
// cannot work with is refused. It returns an error that wraps fs.ErrNotExist
// where there is no database.
func (o Opener) AsIs(ctx context.Context, path string) (*Store, error) {
	db, err := o.opener().AsIs(ctx, path)
	if err != nil {
		return nil, err
	}
	return &Store{db: db}, nil
}

func (o Opener) opener() database.Opener {
	known := o.known
	if known == nil {
		known = migrations
	}
	return database.Opener{Waits: o.Waits, Migrations: known}
}

// OpenCopy opens a copy of a database that nobody else knows, with a schema that
// may be an older one.
func OpenCopy(path string, schema int64) (*Store, error) {
	db, err := database.OpenCopy(path)
	if err != nil {
		return nil, err
	}
	return &Store{db: db, old: schema < feedSince}, nil
}

// CheckCopy returns the schema of a copy, and the one of this program. It returns
// an error where the copy is none of ours, or newer than this program.
func CheckCopy(ctx context.Context, db *sql.DB) (version, newest int64, err error) {
	return database.CheckCopy(ctx, db, migrations, "users", "sessions", "signing_keys", "audit")
}

// Close closes the database.
func (s *Store) Close() error { return s.db.Close() }
