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
	// Waits is called with what is being waited for, after a second. It may be
	// nil.
	Waits func(what string)

	known fs.FS // migrations known to the program; nil: the embedded ones
}

// Open is Opener.Migrate without any reports.
func Open(ctx context.Context, path string) (*Store, error) {
	store, _, err := Opener{}.Migrate(ctx, path)
	return store, err
}

// Migrate is database.Opener.Migrate with our migrations.
func (o Opener) Migrate(ctx context.Context, path string) (*Store, database.Migrated, error) {
	db, done, err := o.opener().Migrate(ctx, path)
	if err != nil {
		return nil, done, err
	}
	return &Store{db: db}, done, nil
}

// AsIs is database.Opener.AsIs with our migrations.
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

// OpenCopy opens a private copy of a database, whose schema may be older.
func OpenCopy(path string, schema int64) (*Store, error) {
	db, err := database.OpenCopy(path)
	if err != nil {
		return nil, err
	}
	return &Store{db: db, old: schema < feedSince}, nil
}

// CheckCopy returns the schema versions of a copy and of this program. It
// returns an error if the copy is not a Lychgate database or is newer than this
// program.
func CheckCopy(ctx context.Context, db *sql.DB) (version, newest int64, err error) {
	return database.CheckCopy(ctx, db, migrations, "users", "sessions", "signing_keys", "audit")
}

// Close closes the database.
func (s *Store) Close() error { return s.db.Close() }
