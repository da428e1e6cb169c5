package database

import (
	"context"
	"database/sql"
	"sync"
)

// Runner runs statements, inside or outside a transaction.
type Runner interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// Pool is a set of connections with their prepared statements, by text. As a
// Runner it prepares what it runs.
type Pool struct {
	DB *sql.DB

	mu       sync.RWMutex
	prepared map[string]*sql.Stmt
	missed   map[string]bool // run in a transaction before they were prepared
}

// openPool opens up to a number of connections, which stay open.
func openPool(dsn string, connections int) (*Pool, error) {
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return &Pool{DB: db, prepared: make(map[string]*sql.Stmt), missed: make(map[string]bool)}, nil
}

// find returns a prepared statement, or nil.
func (p *Pool) find(query string) *sql.Stmt {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.prepared[query]
}

// prepare returns a statement, preparing it if necessary.
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
	if before := p.prepared[query]; before != nil { // prepared concurrently
		return before, statement.Close() //nolint:sqlclosecheck // closes the duplicate; the other stays
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

// in returns a Runner in a transaction, which occupies the connection, so that
// a statement can only be prepared afterwards, by prepareMissed.
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

// prepareMissed prepares what transactions ran as text, while nobody else wants
// the connection. What cannot be prepared stays text.
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

// close closes the connections with their statements.
func (p *Pool) close() error { return p.DB.Close() }
