package database

import (
	"context"
	"database/sql"
	"sync"
)

// Runner runs statements: on any connection, or in a transaction.
type Runner interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// Pool is some connections to a database with the statements that have been
// prepared for them, by their text. It is a Runner that prepares what it runs.
type Pool struct {
	DB *sql.DB

	mu       sync.RWMutex
	prepared map[string]*sql.Stmt
	missed   map[string]bool // run in a transaction before they were prepared
}

// openPool opens a number of connections, which stay open.
func openPool(dsn string, connections int) (*Pool, error) {
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return &Pool{DB: db, prepared: make(map[string]*sql.Stmt), missed: make(map[string]bool)}, nil
}

// find returns a statement that has been prepared, or nil.
func (p *Pool) find(query string) *sql.Stmt {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.prepared[query]
}

// prepare returns a statement, prepared now if it has not been before.
func (p *Pool) prepare(ctx context.Context, query string) (*sql.Stmt, error) {
	if statement := p.find(query); statement != nil {
		return statement, nil
	}
	statement, err := p.DB.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if before := p.prepared[query]; before != nil { // by somebody else, meanwhile
		return before, statement.Close() //nolint:sqlclosecheck // this one alone; the other stays
	}
	p.prepared[query] = statement
	return statement, nil
}

// ExecContext implements Runner.
func (p *Pool) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	statement, err := p.prepare(ctx, query) //nolint:sqlclosecheck // it stays prepared
	if err != nil {
		return nil, err
	}
	return statement.ExecContext(ctx, args...)
}

// QueryContext implements Runner.
func (p *Pool) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	statement, err := p.prepare(ctx, query) //nolint:sqlclosecheck // it stays prepared
	if err != nil {
		return nil, err
	}
	return statement.QueryContext(ctx, args...)
}

// in returns a Runner in a transaction. That has the connection to itself, so a
// statement can only be prepared afterwards, by prepareMissed.
func (p *Pool) in(tx *sql.Tx) Runner { return inTransaction{tx, p} }

type inTransaction struct {
	*sql.Tx
	pool *Pool
}

func (t inTransaction) find(ctx context.Context, query string) *sql.Stmt {
	statement := t.pool.find(query)
	if statement == nil {
		t.pool.mu.Lock()
		defer t.pool.mu.Unlock()
		t.pool.missed[query] = true
		return nil
	}
	return t.StmtContext(ctx, statement)
}

// ExecContext implements Runner.
func (t inTransaction) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if statement := t.find(ctx, query); statement != nil { //nolint:sqlclosecheck // it ends with the transaction
		return statement.ExecContext(ctx, args...)
	}
	return t.Tx.ExecContext(ctx, query, args...)
}

// QueryContext implements Runner.
func (t inTransaction) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if statement := t.find(ctx, query); statement != nil { //nolint:sqlclosecheck // it ends with the transaction
		return statement.QueryContext(ctx, args...)
	}
	return t.Tx.QueryContext(ctx, query, args...)
}

// prepareMissed prepares what transactions had to run as text, as long as nobody
// else wants the connection. What cannot be prepared stays text.
func (p *Pool) prepareMissed(ctx context.Context) {
	for query := p.takeMissed(); query != "" && p.DB.Stats().InUse == 0; query = p.takeMissed() {
		if _, err := p.prepare(ctx, query); err != nil { //nolint:sqlclosecheck // it stays prepared
			return
		}
	}
}

func (p *Pool) takeMissed() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	for query := range p.missed {
		delete(p.missed, query)
		return query
	}
	return ""
}

// close closes the connections, and their statements with them.
func (p *Pool) close() error { return p.DB.Close() }
