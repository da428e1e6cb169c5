package store_test

import (
	"context"
	"testing"

	"lychgate/server/store"
)

// Measures the gain from prepared statements: compare the two of each pair. A
// write is measured without its commit, which waits for the disk.
func BenchmarkStatements(b *testing.B) {
	s, err := store.Open(b.Context(), b.TempDir()+"/lychgate.db")
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	ctx := context.Background()
	if err := create(ctx, s, "ada"); err != nil {
		b.Fatal(err)
	}
	for name, read := range map[string]*store.Queries{"read/prepared": s.Read(), "read/text": store.Unprepared(s.Reader())} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := read.User(ctx, "ada"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	rename := func(b *testing.B, q *store.Queries) {
		for b.Loop() {
			if err := q.RenewPasswordHash(ctx, "ada", "hash"); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.Run("write/prepared", func(b *testing.B) {
		for range 2 { // the first time it is text
			if err := s.Write(ctx, func(q *store.Queries) error { return q.RenewPasswordHash(ctx, "ada", "hash") }); err != nil {
				b.Fatal(err)
			}
		}
		if err := s.Write(ctx, func(q *store.Queries) error { rename(b, q); return nil }); err != nil {
			b.Fatal(err)
		}
	})
	b.Run("write/text", func(b *testing.B) {
		tx, err := s.Writer().BeginTx(ctx, nil)
		if err != nil {
			b.Fatal(err)
		}
		defer tx.Rollback()
		rename(b, store.Unprepared(tx))
	})
}
