package store

import "database/sql"

// Writer and Reader are the connections of a store.
func (s *Store) Writer() *sql.DB { return s.writer }
func (s *Store) Reader() *sql.DB { return s.reader }
