package store

import (
	"context"
	"database/sql"
	"io/fs"
)

// Writer and Reader are the connections of a store.
func (s *Store) Writer() *sql.DB { return s.writer }
func (s *Store) Reader() *sql.DB { return s.reader }

// Migrate brings the schema up to date with the migrations in a tree.
func (s *Store) Migrate(ctx context.Context, tree fs.FS) error { return s.migrate(ctx, tree) }

// Migrations are the tree that Open uses.
func Migrations() fs.FS { return migrations }
