package store

import (
	"context"
	"database/sql"
	"sync"
)

// runner runs statements: on any connection, or in a transaction.
type runner interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// statements are those that have been prepared for the connections of a pool, by
// their text. It is a runner that prepares what it runs.
type statements struct {
	pool *sql.DB

	mu       sync.RWMutex
	prepared map[string]*sql.Stmt
	missed   map[string]bool // run in a transaction before they were prepared
}

func newStatements(pool *sql.DB) *statements {
	return &statements{pool: pool, prepared: make(map[string]*sql.Stmt), missed: make(map[string]bool)}
}

// find returns a statement that has been prepared, or nil.
func (s *statements) find(query string) *sql.Stmt {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.prepared[query]
}

// prepare returns a statement, prepared now if it has not been before.
func (s *statements) prepare(ctx context.Context, query string) (*sql.Stmt, error) {
	if statement := s.find(query); statement != nil {
		return statement, nil
	}
	statement, err := s.pool.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if before := s.prepared[query]; before != nil { // by somebody else, meanwhile
		return before, statement.Close() //nolint:sqlclosecheck // this one alone; the other stays
	}
	s.prepared[query] = statement
	return statement, nil
}

// ExecContext implements runner.
func (s *statements) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	statement, err := s.prepare(ctx, query) //nolint:sqlclosecheck // it stays prepared
	if err != nil {
		return nil, err
	}
	return statement.ExecContext(ctx, args...)
}

// QueryContext implements runner.
func (s *statements) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	statement, err := s.prepare(ctx, query) //nolint:sqlclosecheck // it stays prepared
	if err != nil {
		return nil, err
	}
	return statement.QueryContext(ctx, args...)
}

// in returns a runner in a transaction. That has the connection to itself, so a
// statement can only be prepared afterwards, by prepareMissed.
func (s *statements) in(tx *sql.Tx) runner { return inTransaction{tx, s} }

type inTransaction struct {
	*sql.Tx
	statements *statements
}

func (t inTransaction) find(ctx context.Context, query string) *sql.Stmt {
	statement := t.statements.find(query)
	if statement == nil {
		t.statements.mu.Lock()
		defer t.statements.mu.Unlock()
		t.statements.missed[query] = true
		return nil
	}
	return t.StmtContext(ctx, statement)
}

// ExecContext implements runner.
func (t inTransaction) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if statement := t.find(ctx, query); statement != nil { //nolint:sqlclosecheck // it ends with the transaction
		return statement.ExecContext(ctx, args...)
	}
	return t.Tx.ExecContext(ctx, query, args...)
}

// QueryContext implements runner.
func (t inTransaction) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if statement := t.find(ctx, query); statement != nil { //nolint:sqlclosecheck // it ends with the transaction
		return statement.QueryContext(ctx, args...)
	}
	return t.Tx.QueryContext(ctx, query, args...)
}

// prepareMissed prepares what transactions had to run as text, as long as nobody
// else wants the connection. What cannot be prepared stays text.
func (s *statements) prepareMissed(ctx context.Context) {
	for query := s.takeMissed(); query != "" && s.pool.Stats().InUse == 0; query = s.takeMissed() {
		if _, err := s.prepare(ctx, query); err != nil { //nolint:sqlclosecheck // it stays prepared
			return
		}
	}
}

func (s *statements) takeMissed() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for query := range s.missed {
		delete(s.missed, query)
		return query
	}
	return ""
}

// close closes the connections, and their statements with them.
func (s *statements) close() error { return s.pool.Close() }
