// Package feedtest has the tests of the feed of changes, of roles and of plans that
// every database must pass that Lychgate claims to run on.
package feedtest

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"lychgate/server/problem"
	"lychgate/server/store"
	"lychgate/server/store/storetest"
)

// Run runs the tests of the feed, roles and plans; open returns a new, empty store
// and closes it when its test ends.
func Run(t *testing.T, open func(t *testing.T) *store.Store) {
	storetest.RunAll(t, open, map[string]func(*testing.T, *storetest.Suite){
		"EachWriteIsInTheFeed":  testEachWriteIsInTheFeed,
		"ListenersHearChanges":  testListenersHearChanges,
		"FeedThatWasSwept":      testFeedThatWasSwept,
		"ManyChanges":           testManyChanges,
		"Freshness":             testFreshness,
		"Roles":                 testRoles,
		"Plans":                 testPlans,
		"SessionAuthentication": testSessionAuthentication,
	})
}

// Every method that changes data which processes keep in memory records its
// changes in the feed.
func testEachWriteIsInTheFeed(t *testing.T, s *storetest.Suite) {
	ctx := t.Context()
	none := func(*store.Queries) error { return nil }
	writes := map[string]struct {
		prepare, write func(q *store.Queries) error
		want           []string // kinds and ids
	}{
		"CreateUser":    {none, func(q *store.Queries) error { return q.CreateUser(ctx, store.User{ID: "bob", Email: "bob"}) }, []string{"subject bob"}},
		"RenameUser":    {none, func(q *store.Queries) error { return q.RenameUser(ctx, "ada", "x") }, []string{"subject ada"}},
		"SetRole":       {none, func(q *store.Queries) error { return q.SetRole(ctx, "ada", "admin") }, []string{"subject ada"}},
		"DisableUser":   {none, func(q *store.Queries) error { return q.DisableUser(ctx, "ada", storetest.Start) }, []string{"subject ada"}},
		"EnableUser":    {none, func(q *store.Queries) error { return q.EnableUser(ctx, "ada") }, []string{"subject ada"}},
		"DeleteUser":    {none, func(q *store.Queries) error { return q.DeleteUser(ctx, "ada") }, []string{"session one", "session two", "subject ada"}},
		"GrantPlan":     {none, func(q *store.Queries) error { return q.GrantPlan(ctx, grant("pro", "hand")) }, []string{"subject ada"}},
		"RevokePlan":    {func(q *store.Queries) error { return q.GrantPlan(ctx, grant("pro", "hand")) }, func(q *store.Queries) error { return q.RevokePlan(ctx, "ada", "pro", "hand") }, []string{"subject ada"}},
		"RevokeSession": {none, func(q *store.Queries) error { return q.RevokeSession(ctx, "one", storetest.Start) }, []string{"session one"}},
		"RevokeSessionsOf": {none, func(q *store.Queries) error {
			_, err := q.RevokeSessionsOf(ctx, "ada", "one", storetest.Start, 9)
			return err
		}, []string{"session two"}},
		"RevokeSessions": {none, func(q *store.Queries) error {
			_, err := q.RevokeSessions(ctx, []string{"one", "gone", "two"}, storetest.Start)
			return err
		}, []string{"session one", "session two"}},
		"DeleteSessionsOf": {none, func(q *store.Queries) error { _, err := q.DeleteSessionsOf(ctx, "ada", storetest.Start, 9); return err }, []string{"session one", "session two"}},
		"SetPasswordHash":  {none, func(q *store.Queries) error { return q.SetPasswordHash(ctx, "ada", "x") }, []string{"subject ada"}},
		"CreateSigningKey": {none, func(q *store.Queries) error {
			return q.CreateSigningKey(ctx, store.SigningKey{ID: "new", Sealed: []byte("x"), CreatedAt: storetest.Start})
		}, []string{"key new"}},
		"SetSigningKeysBack": {none, func(q *store.Queries) error { return q.SetSigningKeysBack(ctx, time.Hour) }, []string{"key old", "key young"}},
		"DeleteRetiredSigningKeys": {none, func(q *store.Queries) error {
			return q.DeleteRetiredSigningKeys(ctx, storetest.Start.Add(24*time.Hour))
		}, []string{"key old"}},
		"SaveAttempts":   {none, func(q *store.Queries) error { return q.SaveAttempts(ctx, store.Attempts{Account: "ada"}) }, []string{"limit ada"}},
		"DeleteAttempts": {none, func(q *store.Queries) error { return q.DeleteAttempts(ctx, "ada") }, []string{"limit ada"}},
	}
	// No process keeps what these write in memory, or it no longer has an
	// effect.
	silent := []string{
		"CreateSession", "RotateSession", "SeeSession", "sweepSessions", "RenewPasswordHash", "SeeEvents", "SweepAttempts",
		"RevokeAllSessions", // in a copy that nobody follows
	}
	methods := writers(t)
	for _, method := range methods {
		if _, listed := writes[method]; !listed && !slices.Contains(silent, method) {
			t.Errorf("%s is in no list: say what it leaves in the feed", method)
		}
	}
	for _, method := range silent {
		if !slices.Contains(methods, method) {
			t.Errorf("%s writes nothing", method)
		}
	}

	s.User("ada")
	s.Session("one", "ada", 0)
	s.Session("two", "ada", time.Hour)
	s.Session("revoked", "ada", 0)
	s.Write(func(q *store.Queries) error {
		return errors.Join(q.RevokeSession(ctx, "revoked", storetest.Start),
			q.CreateSigningKey(ctx, store.SigningKey{ID: "old", Sealed: []byte("x"), CreatedAt: storetest.Start}),
			q.CreateSigningKey(ctx, store.SigningKey{ID: "young", Sealed: []byte("x"), CreatedAt: storetest.Start.Add(time.Hour)}))
	})
	undo := errors.New("undo")
	for name, test := range writes {
		var got []string
		if err := s.Store.Write(ctx, func(q *store.Queries) error {
			if err := test.prepare(q); err != nil {
				return err
			}
			before, err := q.ChangesFrom(ctx, 0, 1000)
			if err != nil {
				return err
			}
			if err := test.write(q); err != nil {
				return err
			}
			after, err := q.ChangesFrom(ctx, before[len(before)-1].Seq+1, 1000)
			for _, change := range after {
				got = append(got, string(change.Kind)+" "+change.ID)
			}
			return errors.Join(err, undo)
		}); !errors.Is(err, undo) {
			t.Errorf("%s: %v", name, err)
		}
		slices.Sort(got)
		storetest.Wants(s, name, got, test.want)
	}
}

// writers returns the methods of the tested package with a statement that
// changes a table kept in memory.
func writers(t *testing.T) (names []string) {
	t.Helper()
	change := regexp.MustCompile(`(INSERT INTO|UPDATE|DELETE FROM) (users|plan_grants|sessions|signing_keys|account_attempts)\b`)
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, declaration := range parsed.Decls {
			function, ok := declaration.(*ast.FuncDecl)
			if !ok || strings.HasSuffix(file, "_test.go") {
				continue
			}
			ast.Inspect(function, func(node ast.Node) bool {
				text, ok := node.(*ast.BasicLit)
				if ok && text.Kind == token.STRING && change.MatchString(text.Value) && !slices.Contains(names, function.Name.Name) {
					names = append(names, function.Name.Name)
				}
				return true
			})
		}
	}
	return names
}

// heard collects what a listener receives.
type heard struct {
	mu  sync.Mutex
	ids []string
	all int // how often it heard that anything may have changed
}

func (h *heard) hear(ids []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ids = append(h.ids, ids...)
	if ids == nil {
		h.all++
	}
}

// take returns what was heard since its last call.
func (h *heard) take() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	ids := h.ids
	h.ids = nil
	return ids
}

func listen(s *storetest.Suite, kind store.ChangeKind) *heard {
	h := new(heard)
	s.Store.Listen(kind, h.hear)
	return h
}

func poll(s *storetest.Suite) {
	s.Helper()
	if err := s.Store.Poll(s.Context()); err != nil {
		s.Fatal(err)
	}
}

func testListenersHearChanges(t *testing.T, s *storetest.Suite) {
	ctx := t.Context()
	subjects, again, sessions := listen(s, store.SubjectChange), listen(s, store.SubjectChange), listen(s, store.SessionChange)
	s.User("ada")
	s.Session("one", "ada", 0)
	storetest.Wants(s, "at once", subjects.take(), []string{"ada"})
	storetest.Wants(s, "at once, another one", again.take(), []string{"ada"})
	storetest.Wants(s, "of another kind", sessions.take(), nil)
	poll(s)
	storetest.Wants(s, "from the feed", subjects.take(), []string{"ada"})
	poll(s)
	storetest.Wants(s, "nothing new", subjects.take(), nil)

	// Rolled-back changes are never announced; of work that runs twice, only
	// the committed run is.
	own := errors.New("an error of the work's own")
	for run := range 2 {
		err := s.Store.Write(ctx, func(q *store.Queries) error {
			if err := errors.Join(q.RenameUser(ctx, "ada", "x"), q.RevokeSession(ctx, "one", storetest.Start)); err != nil {
				return err
			}
			if len(subjects.ids) > 0 || len(sessions.ids) > 0 {
				t.Error("heard before it was committed")
			}
			return []error{own, nil}[run]
		})
		if want := []error{own, nil}[run]; !errors.Is(err, want) {
			t.Fatal(err)
		}
		storetest.Wants(s, "subjects", subjects.take(), [][]string{nil, {"ada"}}[run])
		storetest.Wants(s, "sessions", sessions.take(), [][]string{nil, {"one"}}[run])
	}
	gone, cancel := context.WithCancel(ctx)
	if err := s.Store.Write(gone, func(q *store.Queries) error {
		defer cancel()
		return q.RenameUser(ctx, "ada", "y")
	}); err == nil {
		t.Error("it was committed")
	}
	storetest.Wants(s, "of work that was cancelled", subjects.take(), nil)

	// A listener may read what has changed.
	var name string
	s.Store.Listen(store.SubjectChange, func([]string) {
		user, err := s.Store.Read().User(ctx, "ada")
		if err != nil {
			t.Error(err)
		}
		name = user.Name
	})
	s.Write(func(q *store.Queries) error { return q.RenameUser(ctx, "ada", "z") })
	if name != "z" {
		t.Errorf("a listener reads %q", name)
	}
}

// A process that missed swept changes is told to forget everything; one that
// has read the last change has missed none.
func testFeedThatWasSwept(t *testing.T, s *storetest.Suite) {
	ctx := t.Context()
	sweep := func() {
		t.Helper()
		s.Write(func(q *store.Queries) error { //nolint:contextcheck // it is the context of the test
			_, err := q.SweepChanges(ctx, time.Now().Add(time.Hour), 100)
			return err
		})
	}
	subjects := listen(s, store.SubjectChange)
	s.User("ada")
	s.User("bob")
	poll(s)
	sweep()
	subjects.take()
	poll(s)
	storetest.Wants(s, "the last one stays", subjects.take(), nil)
	if changes := s.ChangesAfter(0); len(changes) != 1 || changes[0].ID != "bob" {
		t.Errorf("there is %+v", changes)
	}
	s.User("eve")
	s.User("kim")
	subjects.take()
	if subjects.all > 0 {
		t.Error("told to forget everything for no reason")
	}
	sweep()
	poll(s)
	storetest.Wants(s, "what is left of the feed", subjects.take(), []string{"kim"})
	if subjects.all != 1 {
		t.Errorf("told to forget everything %d times", subjects.all)
	}
	poll(s)
	if storetest.Wants(s, "afterwards", subjects.take(), nil); subjects.all != 1 {
		t.Error("told to forget everything again")
	}
}

// One Poll reads all pages.
func testManyChanges(t *testing.T, s *storetest.Suite) {
	const many = 25_000
	s.Write(func(q *store.Queries) error {
		for i := range many {
			if err := q.DeleteAttempts(t.Context(), fmt.Sprint(i)); err != nil {
				return err
			}
		}
		return nil
	})
	limits := listen(s, store.LimitChange)
	poll(s)
	ids := limits.take()
	if len(ids) != many || ids[0] != "0" || ids[many-1] != fmt.Sprint(many-1) {
		t.Errorf("%d changes", len(ids))
	}
}

func testFreshness(t *testing.T, s *storetest.Suite) {
	var p *problem.Error
	if err := s.Store.Fresh(); !errors.As(err, &p) || p.Kind != problem.Unavailable || p.RetryAfter <= 0 {
		t.Errorf("before the feed was read: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	storetest.WantsUnavailable(t, s.Store.Poll(ctx))
	if s.Store.Fresh() == nil {
		t.Error("fresh after a poll that failed")
	}
	poll(s)
	if err := s.Store.Fresh(); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

func testRoles(t *testing.T, s *storetest.Suite) {
	ctx, ada, bob := t.Context(), s.User("ada"), s.User("bob")
	s.Write(func(q *store.Queries) error { return q.SetRole(ctx, ada.ID, "admin") })
	ada.Role = "admin"
	for _, want := range []store.User{ada, bob} {
		if got, err := s.Store.Read().User(ctx, want.ID); err != nil || got != want {
			t.Errorf("%+v, %v, want %+v", got, err, want)
		}
	}
	if err := s.Store.Write(ctx, func(q *store.Queries) error { return q.SetRole(ctx, "nobody", "admin") }); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the role of an unknown user: %v", err)
	}
}

// grant returns a grant for ada without end.
func grant(plan, source string) store.PlanGrant {
	return store.PlanGrant{UserID: "ada", Plan: plan, Source: source}
}

func testPlans(t *testing.T, s *storetest.Suite) {
	ctx, ada, bob := t.Context(), s.User("ada"), s.User("bob")
	plans := func(what string, want ...store.PlanGrant) {
		t.Helper()
		got, err := s.Store.Read().PlansOf(ctx, ada.ID)
		if err != nil {
			t.Fatal(err)
		}
		storetest.Wants(s, what, got, want)
		user, got, err := s.Store.Read().UserWithPlans(ctx, ada.ID)
		if err != nil || user != ada {
			t.Errorf("with plans: %+v, %v", user, err)
		}
		storetest.Wants(s, what+", with the account", got, want)
	}
	plans("none")
	byHand, test, other := grant("pro", "hand"), grant("pro", "test"), grant("basic", "hand")
	byHand.Until = storetest.Start.Add(time.Hour)
	s.Write(func(q *store.Queries) error {
		return errors.Join(q.GrantPlan(ctx, byHand), q.GrantPlan(ctx, test), q.GrantPlan(ctx, other), q.GrantPlan(ctx, store.PlanGrant{UserID: bob.ID, Plan: "pro", Source: "hand"}))
	})
	plans("three", other, byHand, test)
	byHand.Until = storetest.Start.Add(24 * time.Hour)
	test.Until, byHand.Until = byHand.Until, time.Time{}
	s.Write(func(q *store.Queries) error { return errors.Join(q.GrantPlan(ctx, byHand), q.GrantPlan(ctx, test)) })
	plans("of other times", other, byHand, test)
	s.Write(func(q *store.Queries) error { return q.RevokePlan(ctx, ada.ID, "pro", "hand") })
	plans("without one", other, test)
	var all []store.PlanGrant
	for grant, err := range s.Store.Read().Plans(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, grant)
	}
	storetest.Wants(s, "of everybody", all, []store.PlanGrant{other, test, {UserID: bob.ID, Plan: "pro", Source: "hand"}})

	for what, change := range map[string]func(q *store.Queries) error{
		"revoke it again": func(q *store.Queries) error { return q.RevokePlan(ctx, ada.ID, "pro", "hand") },
		"grant to nobody": func(q *store.Queries) error {
			return q.GrantPlan(ctx, store.PlanGrant{UserID: "nobody", Plan: "pro", Source: "hand"})
		},
		"read of nobody": func(q *store.Queries) error { _, _, err := q.UserWithPlans(ctx, "nobody"); return err },
	} {
		if err := s.Store.Write(ctx, change); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s: %v", what, err)
		}
	}
	s.Write(func(q *store.Queries) error { return q.DeleteUser(ctx, ada.ID) })
	if got, err := s.Store.Read().PlansOf(ctx, ada.ID); err != nil || len(got) != 0 {
		t.Errorf("of an account that is deleted: %+v, %v", got, err)
	}
	if got, err := s.Store.Read().PlansOf(ctx, bob.ID); err != nil || len(got) != 1 {
		t.Errorf("of somebody else: %+v, %v", got, err)
	}
}

func testSessionAuthentication(t *testing.T, s *storetest.Suite) {
	s.User("ada")
	for id, authenticatedAt := range map[string]time.Time{"with a time": storetest.Start.Add(-time.Minute), "without": {}} {
		s.Write(func(q *store.Queries) error {
			return q.CreateSession(t.Context(), store.Session{ID: id, UserID: "ada", CreatedAt: storetest.Start, ProvedAt: authenticatedAt, Methods: "pwd"})
		})
		want := authenticatedAt
		if want.IsZero() {
			want = storetest.Start
		}
		if got, err := s.Store.Read().Session(t.Context(), id); err != nil || got.ProvedAt != want || got.Methods != "pwd" {
			t.Errorf("%s: %+v, %v, want %v", id, got, err, want)
		}
	}
}
