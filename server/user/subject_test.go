package user_test

import (
	"context"
	"errors"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"lychgate/server/access"
	"lychgate/server/audit"
	"lychgate/server/problem"
	"lychgate/server/store"
	"lychgate/server/user"
)

// process opens a database as a server does, and follows its changes.
func process(t *testing.T, path string) (user.Service, *user.Subjects) {
	t.Helper()
	db, err := store.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	subjects := user.NewSubjects(db)
	db.Listen(store.SubjectChange, subjects.Heard)
	if err := db.Poll(t.Context()); err != nil {
		t.Fatal(err)
	}
	return user.Service{Store: db, Now: time.Now}, subjects
}

// create makes an account, and returns its identity.
func create(t *testing.T, users user.Service) access.Identity {
	t.Helper()
	err := users.Store.Write(t.Context(), func(q *store.Queries) error {
		return q.CreateUser(t.Context(), store.User{ID: "ada", Email: "ada@example.com", CreatedAt: time.Now()})
	})
	if err != nil {
		t.Fatal(err)
	}
	return access.Identity{UserID: "ada"}
}

// A change counts at once in the process that makes it, and in another once that
// has followed the feed.
func TestSubjectsFollowChanges(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lychgate.db")
	users, here := process(t, path)
	others, there := process(t, path)
	ada := create(t, users)
	ctx, by := t.Context(), audit.CommandLine()
	grant := store.PlanGrant{UserID: "ada", Plan: "pro", Source: "hand"}
	for name, change := range map[string]struct {
		make, undo func() error
		counts     func(access.Subject, error) bool
	}{
		"role": {
			func() error { return users.SetRole(ctx, "ada", access.RoleAdmin, by) },
			func() error { return users.SetRole(ctx, "ada", access.RoleUser, by) },
			func(s access.Subject, err error) bool { return err == nil && s.Role == access.RoleAdmin },
		},
		"plan": {
			func() error { return users.GrantPlan(ctx, grant, by) },
			func() error { return users.RevokePlan(ctx, "ada", "pro", "hand", by) },
			func(s access.Subject, err error) bool { return err == nil && len(s.Grants) == 1 },
		},
		"name": {
			func() error { return users.Rename(ctx, "ada", "Ada") },
			func() error { return users.Rename(ctx, "ada", "") },
			func(s access.Subject, err error) bool { return err == nil && s.Name == "Ada" },
		},
		"disabled": {
			func() error { return users.Disable(ctx, "ada", by) },
			func() error { return users.Enable(ctx, "ada", by) },
			func(_ access.Subject, err error) bool { return errors.Is(err, problem.ErrUnauthenticated) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, do := range []struct {
				change func() error
				want   bool
			}{{change.undo, false}, {change.make, true}, {change.undo, false}} {
				err := do.change()
				if err != nil && !errors.Is(err, store.ErrNotFound) { // there is nothing to undo at first
					t.Fatal(err)
				}
				if got := change.counts(here.Of(ctx, ada)); got != do.want {
					t.Errorf("in the same process it counts: %v, want %v", got, do.want)
				}
				if err := others.Store.Poll(ctx); err != nil {
					t.Fatal(err)
				}
				if got := change.counts(there.Of(ctx, ada)); got != do.want {
					t.Errorf("in the other process it counts: %v, want %v", got, do.want)
				}
			}
		})
	}
	// What is rolled back was never so.
	broken := errors.New("broken")
	err := users.Store.Write(ctx, func(q *store.Queries) error {
		q.AfterCommit(func() { t.Error("AfterCommit is called without a commit") })
		return errors.Join(q.SetRole(ctx, "ada", access.RoleAdmin), broken)
	})
	if !errors.Is(err, broken) {
		t.Fatal(err)
	}
	if s, err := here.Of(ctx, ada); err != nil || s.Role != access.RoleUser {
		t.Errorf("%+v, %v", s, err)
	}
	if err := users.Delete(ctx, store.User{ID: "ada", Email: "ada@example.com"}, by); err != nil {
		t.Fatal(err)
	}
	if _, err := here.Of(ctx, ada); !errors.Is(err, problem.ErrUnauthenticated) {
		t.Errorf("after the deletion: %v", err)
	}
}

// Whoever reads while others write never keeps what was so before the change: once
// a write has returned, everybody is told what it wrote or something newer.
func TestSubjectsAreNeverStaleAfterAWrite(t *testing.T) {
	users, subjects := process(t, filepath.Join(t.TempDir(), "lychgate.db"))
	ada := create(t, users)
	ctx, stop := context.WithCancel(t.Context())
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for ctx.Err() == nil {
				if _, err := subjects.Of(t.Context(), ada); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for i := range 200 {
		name := strconv.Itoa(i)
		if err := users.Rename(t.Context(), "ada", name); err != nil {
			t.Fatal(err)
		}
		if s, err := subjects.Of(t.Context(), ada); err != nil || s.Name != name {
			t.Errorf("after %s was written the name is %s, %v", name, s.Name, err)
			break
		}
		if i%10 == 0 { // what the feed tells again does no harm
			if err := users.Store.Poll(t.Context()); err != nil {
				t.Error(err)
			}
		}
	}
	stop()
	readers.Wait()
}
