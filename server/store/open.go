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

// Migrate opens the SQLite database at path, creating it if necessary, migrates
// its schema and reports what it did. Only the server and `lychgate migrate`
// may migrate an existing database. It returns an error naming the path if the
// file cannot be used or was written by a newer version.
func (o Opener) Migrate(ctx context.Context, path string) (*Store, database.Migrated, error) {
	db, done, err := o.opener().Migrate(ctx, path)
	if err != nil {
		return nil, done, err
	}
	return &Store{db: db}, done, nil
}

// AsIs opens an existing database for a command that runs beside a server of
// perhaps another version. It never migrates, and refuses a schema this program
// cannot work with. It returns an error that wraps fs.ErrNotExist if there is
// no database.
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
