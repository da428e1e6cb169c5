package servertest

import (
	"database/sql"
	"sync"
)

// hashes are a server's password hashes, which tests can hold up.
type hashes struct {
	mu    sync.Mutex
	begun chan struct{}
	gate  chan struct{} // closed on release; nil: nothing is held
}

func (h *hashes) wait(int) {
	h.mu.Lock()
	begun, gate := h.begun, h.gate
	h.mu.Unlock()
	if gate == nil {
		return
	}
	begun <- struct{}{}
	<-gate
}

// HoldHashes blocks hashing and verifying passwords until release is called.
// begun receives each hash that has started: its request has read everything it
// needs, and the result is still open.
func (s *Server) HoldHashes() (begun <-chan struct{}, release func()) {
	h := s.hashes
	started, gate := make(chan struct{}, 1), make(chan struct{})
	h.mu.Lock()
	h.begun, h.gate = started, gate
	h.mu.Unlock()
	release = sync.OnceFunc(func() {
		h.mu.Lock()
		h.gate = nil
		h.mu.Unlock()
		close(gate)
	})
	s.t.Cleanup(release) // otherwise the server could not stop
	return started, release
}

// HoldDatabase holds the database's write lock, as another process with a long
// write does. release executes statements before it releases the lock.
func (s *Server) HoldDatabase() (release func(statements ...string)) {
	t := s.t
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+s.Config.DatabasePath()+"?_txlock=immediate&_pragma=busy_timeout(5000)&_pragma=foreign_keys(1)")
	if err != nil {
		t.Fatal(err)
	}
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var once sync.Once
	release = func(statements ...string) {
		once.Do(func() {
			for _, statement := range statements {
				if _, err := tx.Exec(statement); err != nil {
					t.Errorf("%s: %v", statement, err)
				}
			}
			if err := tx.Commit(); err != nil {
				t.Error(err)
			}
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	t.Cleanup(func() { release() })
	return release
}
