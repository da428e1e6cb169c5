// Package pending owns sets of ids that wait for later work. Many callers add ids,
// and one takes them. An id is taken once, however often it was added. It imports
// nothing of ours.
package pending

import "sync"

// Set is a set of ids. The zero value is empty and ready to use.
type Set struct {
	mu  sync.Mutex
	ids map[string]bool
}

// Add adds ids.
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

// TakeAll removes and returns all ids. The caller adds those again that it could
// not handle.
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
