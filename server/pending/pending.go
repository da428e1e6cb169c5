// Package pending owns ids that some note and one takes: what is to be done
// later, once, however often it was noted. It leans on nothing.
package pending

import "sync"

// Set is a set of ids. The zero value is empty and ready to use.
type Set struct {
	mu  sync.Mutex
	ids map[string]bool
}

// Add notes ids.
func (s *Set) Add(ids ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ids == nil {
		s.ids = make(map[string]bool)
	}
	for _, id := range ids {
		s.ids[id] = true
	}
}

// TakeAll returns what was noted since it was last called. The caller adds again
// what it could not do.
func (s *Set) TakeAll() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	ids := make([]string, 0, len(s.ids))
	for id := range s.ids {
		ids = append(ids, id)
	}
	clear(s.ids)
	return ids
}
