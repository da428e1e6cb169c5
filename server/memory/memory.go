// Package memory keeps what was read from the store, so that most requests cost no
// query. It leans on an LRU cache. Its users drop what has changed, as the feed of
// changes tells them.
package memory

import (
	"sync"

	lru "github.com/hashicorp/golang-lru/v2"
)

// Rows are values by id. The least recently used are forgotten first.
type Rows[V any] struct {
	known *lru.Cache[string, V]

	mu    sync.Mutex
	drops int // how often values were dropped: what was read before may be stale
}

// NewRows returns an empty Rows for so many values.
func NewRows[V any](most int) *Rows[V] {
	known, err := lru.New[string, V](most)
	if err != nil {
		panic(err) // only a size below one fails
	}
	return &Rows[V]{known: known}
}

// Get returns a value from memory, or else reads it, and keeps it unless anything
// was dropped meanwhile. An error of read is returned as is.
func (r *Rows[V]) Get(id string, read func() (V, error)) (V, error) {
	if value, known := r.known.Get(id); known {
		return value, nil
	}
	r.mu.Lock()
	drops := r.drops
	r.mu.Unlock()
	value, err := read()
	if err != nil {
		return value, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.drops == drops {
		r.known.Add(id, value)
	}
	return value, nil
}

// Drop forgets these values, or without any ids all of them.
func (r *Rows[V]) Drop(ids ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.drops++
	if len(ids) == 0 {
		r.known.Purge()
	}
	for _, id := range ids {
		r.known.Remove(id)
	}
}
