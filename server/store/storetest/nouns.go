package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lychgate/server/store"
)

func testUsers(t *testing.T, s *Suite) {
	ctx, read := t.Context(), s.Store.Read()
	ada, bob := s.User("ada"), s.User("bob")
	for _, want := range []store.User{ada, bob} {
		if got, err := read.User(ctx, want.ID); err != nil || got != want {
			t.Errorf("by id: %+v, %v, want %+v", got, err, want)
		}
		if got, err := read.UserByEmail(ctx, want.Email); err != nil || got != want {
			t.Errorf("by e-mail: %+v, %v, want %+v", got, err, want)
		}
	}
	s.Write(func(q *store.Queries) error {
		return errors.Join(q.RenameUser(ctx, ada.ID, "Ada"), q.SetPasswordHash(ctx, ada.ID, "another hash"))
	})
	ada.Name, ada.PasswordHash, ada.PasswordVersion = "Ada", "another hash", 2
	s.Write(func(q *store.Queries) error { return q.RenewPasswordHash(ctx, bob.ID, "a dearer hash") })
	bob.PasswordHash = "a dearer hash"
	for _, want := range []store.User{ada, bob} {
		if got, err := read.User(ctx, want.ID); err != nil || got != want {
			t.Errorf("afterwards: %+v, %v, want %+v", got, err, want)
		}
	}

	for what, ask := range map[string]func() error{
		"by id":     func() error { _, err := read.User(ctx, "nobody"); return err },
		"by no id":  func() error { _, err := read.User(ctx, ""); return err },
		"by e-mail": func() error { _, err := read.UserByEmail(ctx, "nobody@example.com"); return err },
		// Addresses are compared as they are; callers make them canonical.
		"by e-mail in capitals": func() error { _, err := read.UserByEmail(ctx, "ADA@EXAMPLE.COM"); return err },
		"rename": func() error {
			return s.Store.Write(ctx, func(q *store.Queries) error { return q.RenameUser(ctx, "nobody", "x") })
		},
		"password": func() error {
			return s.Store.Write(ctx, func(q *store.Queries) error { return q.SetPasswordHash(ctx, "nobody", "x") })
		},
	} {
		if err := ask(); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("nobody, %s: %v", what, err)
		}
	}
}

func testUsersAreUnique(t *testing.T, s *Suite) {
	ada := s.User("ada")
	err := s.Store.Write(t.Context(), func(q *store.Queries) error {
		return q.CreateUser(t.Context(), store.User{ID: "another", Email: ada.Email})
	})
	if !errors.Is(err, store.ErrEmailTaken) {
		t.Errorf("error %v, want ErrEmailTaken", err)
	}
	if _, err := s.Store.Read().User(t.Context(), "another"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a second account exists: %v", err)
	}

	var (
		all  sync.WaitGroup
		made atomic.Int32
	)
	for i := range 8 {
		all.Go(func() {
			err := s.Store.Write(t.Context(), func(q *store.Queries) error {
				return q.CreateUser(t.Context(), store.User{ID: fmt.Sprint(i), Email: "bob@example.com"})
			})
			if err == nil {
				made.Add(1)
			} else if !errors.Is(err, store.ErrEmailTaken) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if made.Load() != 1 {
		t.Errorf("%d accounts of one address", made.Load())
	}
}

func testKnownAddresses(t *testing.T, s *Suite) {
	ada, bob := s.User("ada"), s.User("bob")
	for i := range 2 { // repeating is fine
		s.Write(func(q *store.Queries) error {
			return q.RememberAddress(t.Context(), ada.ID, "192.0.2.1", Start.Add(time.Duration(i)*time.Hour))
		})
	}
	for _, test := range []struct {
		userID, address string
		want            bool
	}{
		{ada.ID, "192.0.2.1", true},
		{ada.ID, "192.0.2.2", false},
		{ada.ID, "", false},
		{bob.ID, "192.0.2.1", false},
		{"", "192.0.2.1", false},
	} {
		if known, err := s.Store.Read().KnowsAddress(t.Context(), test.userID, test.address); err != nil || known != test.want {
			t.Errorf("%q from %q: %v, %v", test.userID, test.address, known, err)
		}
	}
}

func testSessions(t *testing.T, s *Suite) {
	ada := s.User("ada")
	session := s.Session("one", ada.ID, 0)
	other := s.Session("two", ada.ID, 0)
	s.wantsSession(session)
	if _, err := s.Store.Read().Session(t.Context(), "nothing"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("no session: %v", err)
	}
	if err := s.Store.Write(t.Context(), func(q *store.Queries) error {
		return q.CreateSession(t.Context(), store.Session{ID: "three", UserID: "nobody"})
	}); err == nil {
		t.Error("a session of an unknown user was stored")
	}

	see := func(after time.Duration) {
		t.Helper()
		s.Write(func(q *store.Queries) error { return q.SeeSession(t.Context(), session.ID, Start.Add(after)) })
	}
	see(time.Hour)
	see(time.Minute) // a late write does not move it back
	session.LastSeenAt = Start.Add(time.Hour)
	s.wantsSession(session)
	s.wantsSession(other)
}

func testSessionsOf(t *testing.T, s *Suite) {
	ada, bob := s.User("ada"), s.User("bob")
	s.Session("first", ada.ID, 0)
	s.Session("third", ada.ID, 2*time.Hour)
	s.Session("second", ada.ID, time.Hour)
	s.Session("of bob", bob.ID, time.Hour)
	Wants(s, "newest first", s.sessionsOf(ada.ID), []string{"third", "second", "first"})
	s.Write(func(q *store.Queries) error { return q.RevokeSession(t.Context(), "second", Start) })
	Wants(s, "without the one that has ended", s.sessionsOf(ada.ID), []string{"third", "first"})
	Wants(s, "of nobody", s.sessionsOf("nobody"), nil)
}

func (s *Suite) rotate(id string, generation int64, after time.Duration) (rotated bool) {
	s.Helper()
	s.Write(func(q *store.Queries) (err error) {
		rotated, err = q.RotateSession(s.Context(), id, generation, Start.Add(after))
		return err
	})
	return rotated
}

func testRotation(t *testing.T, s *Suite) {
	session := s.Session("one", s.User("ada").ID, 0)
	for _, step := range []struct {
		generation int64
		want       bool
	}{{2, false}, {0, false}, {1, true}, {1, false}, {3, false}, {2, true}} {
		if got := s.rotate("one", step.generation, time.Duration(step.generation)*time.Hour); got != step.want {
			t.Errorf("from generation %d: %v, want %v", step.generation, got, step.want)
		}
	}
	session.Generation, session.RotatedAt, session.LastSeenAt = 3, Start.Add(2*time.Hour), Start.Add(2*time.Hour)
	s.wantsSession(session)

	s.Write(func(q *store.Queries) error { return q.RevokeSession(t.Context(), "one", Start) })
	if s.rotate("one", 3, 0) || s.rotate("nothing", 1, 0) {
		t.Error("a revoked or unknown session rotates")
	}
	session.Revoked = true
	s.wantsSession(session)
}

func testRacingRotations(t *testing.T, s *Suite) {
	s.Session("one", s.User("ada").ID, 0)
	for generation := int64(1); generation <= 5; generation++ {
		var (
			all sync.WaitGroup
			won atomic.Int32
		)
		for range 8 {
			all.Go(func() {
				if s.rotate("one", generation, 0) {
					won.Add(1)
				}
			})
		}
		all.Wait()
		if won.Load() != 1 {
			t.Errorf("%d rotations from generation %d", won.Load(), generation)
		}
	}
}

func testRevocations(t *testing.T, s *Suite) {
	ada := s.User("ada")
	for i := range 4 {
		s.Session(fmt.Sprint(i), ada.ID, 0)
	}
	end := func(id string) error {
		return s.Store.Write(t.Context(), func(q *store.Queries) error { return q.RevokeSession(t.Context(), id, Start) })
	}
	for _, id := range []string{"2", "0"} {
		if err := end(id); err != nil {
			t.Fatal(err)
		}
	}
	revocations, last := s.revokedAfter(0)
	Wants(s, "revocations", revocations, []string{"2", "0"})
	for _, id := range []string{"2", "nothing"} {
		if err := end(id); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("revoking %q: %v, want ErrNotFound", id, err)
		}
	}
	if err := end("3"); err != nil {
		t.Fatal(err)
	}
	revocations, last = s.revokedAfter(last)
	Wants(s, "what came after", revocations, []string{"3"})
	revocations, _ = s.revokedAfter(last)
	Wants(s, "nothing more", revocations, nil)
}

func testRevokeSessionsOf(t *testing.T, s *Suite) {
	ada, bob := s.User("ada"), s.User("bob")
	for i := range 4 {
		s.Session(fmt.Sprint(i), ada.ID, time.Duration(i)*time.Minute)
	}
	s.Session("of bob", bob.ID, 0)
	s.Write(func(q *store.Queries) error { return q.RevokeSession(t.Context(), "0", Start) })
	_, before := s.revokedAfter(0)

	revokeAll := func(except string) (ended int) {
		t.Helper()
		s.Write(func(q *store.Queries) error {
			ids, err := q.RevokeSessionsOf(t.Context(), ada.ID, except, Start, 10)
			ended = len(ids)
			return err
		})
		return ended
	}
	if got := revokeAll("2"); got != 2 {
		t.Errorf("%d are revoked, want 2", got)
	}
	Wants(s, "left", s.sessionsOf(ada.ID), []string{"2"})
	revocations, _ := s.revokedAfter(before)
	if len(revocations) != 2 {
		t.Errorf("revocations: %v, want 1 and 3", revocations)
	}
	if got := revokeAll(""); got != 1 {
		t.Errorf("%d are revoked, want the last one", got)
	}
	Wants(s, "left", s.sessionsOf(ada.ID), nil)
	Wants(s, "of somebody else", s.sessionsOf(bob.ID), []string{"of bob"})
}

func testSweep(t *testing.T, s *Suite) {
	ada := s.User("ada")
	for _, id := range []string{"idle", "ended long ago", "ended just now", "in use", "old"} {
		s.Session(id, ada.ID, time.Hour)
	}
	s.Session("too old", ada.ID, -time.Hour)
	s.Write(func(q *store.Queries) error {
		for id, after := range map[string]time.Duration{"in use": 5 * time.Hour, "old": 5 * time.Hour, "too old": 5 * time.Hour} {
			if err := q.SeeSession(t.Context(), id, Start.Add(after)); err != nil {
				return err
			}
		}
		end := func(id string, after time.Duration) error {
			return errors.Join(q.SeeSession(t.Context(), id, Start.Add(after)), q.RevokeSession(t.Context(), id, Start.Add(after)))
		}
		return errors.Join(end("ended long ago", 4*time.Hour), end("ended just now", 6*time.Hour))
	})
	s.sweeps(Start, Start.Add(2*time.Hour), Start.Add(5*time.Hour))
	for id, kept := range map[string]bool{"in use": true, "old": true, "ended just now": true, "idle": false, "too old": false, "ended long ago": false} {
		if _, err := s.Store.Read().Session(t.Context(), id); (err == nil) != kept {
			t.Errorf("the session %q: %v", id, err)
		}
	}
	revocations, last := s.revokedAfter(0)
	Wants(s, "revocations", revocations, []string{"ended just now"})

	// Numbers of swept revocations are never reused: a follower would miss the
	// new ones.
	s.sweeps(Start, Start, Start.Add(100*time.Hour))
	s.Session("new", ada.ID, 0)
	s.Write(func(q *store.Queries) error { return q.RevokeSession(t.Context(), "new", Start) })
	revocations, _ = s.revokedAfter(last)
	Wants(s, "revocations after those that were swept out", revocations, []string{"new"})
}

func testSigningKeys(t *testing.T, s *Suite) {
	if keys, err := s.Store.Read().SigningKeys(t.Context()); err != nil || len(keys) != 0 {
		t.Errorf("at first: %v, %v", keys, err)
	}
	old := store.SigningKey{ID: "old", Sealed: []byte{0, 1, 0xff, '\'', 0}, CreatedAt: Start}
	young := store.SigningKey{ID: "young", Sealed: bytes.Repeat([]byte("x"), 10_000), CreatedAt: Start.Add(time.Hour)}
	for _, key := range []store.SigningKey{old, young} {
		s.Write(func(q *store.Queries) error { return q.CreateSigningKey(t.Context(), key) })
	}
	keys, err := s.Store.Read().SigningKeys(t.Context())
	if err != nil || len(keys) != 2 {
		t.Fatalf("%v, %v", keys, err)
	}
	for i, want := range []store.SigningKey{young, old} {
		if got := keys[i]; got.ID != want.ID || !bytes.Equal(got.Sealed, want.Sealed) || got.CreatedAt != want.CreatedAt {
			t.Errorf("key %d: %+v, want %+v", i, got, want)
		}
	}
	if err := s.Store.Write(t.Context(), func(q *store.Queries) error { return q.CreateSigningKey(t.Context(), old) }); err == nil {
		t.Error("one id has two keys")
	}
}

func testAudit(t *testing.T, s *Suite) {
	lines := []store.AuditLine{
		{At: Start.Add(time.Hour), Event: "login", Outcome: "failure", UserID: "ada", IP: "192.0.2.1", UserAgent: "a browser", Actor: "operator"},
		{At: Start, Event: "login", Outcome: "success", UserID: "ada", SessionID: "one", IP: "192.0.2.1", UserAgent: "\"; --"},
	}
	s.Write(func(q *store.Queries) error {
		for _, line := range append(lines, store.AuditLine{At: Start, Event: "login", UserID: "bob"}, store.AuditLine{At: Start, Event: "login"}) {
			if err := q.Audit(t.Context(), line); err != nil {
				return err
			}
		}
		return nil
	})
	got, err := linesOf(s.Store.Read().AuditOf(t.Context(), "ada", time.Time{}))
	if err != nil {
		t.Fatal(err)
	}
	Wants(s, "in the order of writing", got, lines)
	if all, err := linesOf(s.Store.Read().AuditSince(t.Context(), time.Time{})); err != nil || len(all) != 4 || all[0] != lines[0] {
		t.Errorf("of everybody: %+v, %v", all, err)
	}
	events, err := s.Store.Read().EventsOf(t.Context(), "ada", 10)
	if err != nil || len(events) != 2 || events[1].AuditLine != lines[0] {
		t.Errorf("as ada sees them: %+v, %v", events, err)
	}
	// Lines about unknown accounts exist too.
	if got, err := linesOf(s.Store.Read().AuditOf(t.Context(), "", time.Time{})); err != nil || len(got) != 1 {
		t.Errorf("of unknown accounts: %+v, %v", got, err)
	}
}

func testDisabledAndDeletedUsers(t *testing.T, s *Suite) {
	ctx := t.Context()
	s.Write(func(q *store.Queries) error {
		return errors.Join(
			q.CreateUser(ctx, store.User{ID: "b", Email: "bob@example.com", CreatedAt: Start}),
			q.CreateUser(ctx, store.User{ID: "a", Email: "ada@example.com", CreatedAt: Start}),
			q.CreateSession(ctx, store.Session{ID: "one", UserID: "a", CreatedAt: Start}),
			q.CreateSession(ctx, store.Session{ID: "two", UserID: "b", CreatedAt: Start.Add(time.Hour)}),
			q.CreateSession(ctx, store.Session{ID: "three", UserID: "b", CreatedAt: Start}),
			q.RevokeSession(ctx, "three", Start),
			q.RememberAddress(ctx, "a", "192.0.2.1", Start),
		)
	})
	users := func(want ...string) {
		t.Helper()
		list, err := collect(s.Store.Read().Users(ctx))
		var got []string
		for _, u := range list {
			got = append(got, u.ID+map[bool]string{true: " disabled"}[u.Disabled])
		}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("users %q, %v, want %q", got, err, want)
		}
	}
	users("a", "b")
	if list, err := collect(s.Store.Read().LiveSessions(ctx)); err != nil || len(list) != 2 || list[0].ID != "two" || list[1].ID != "one" {
		t.Errorf("live sessions: %+v, %v", list, err)
	}
	s.Write(func(q *store.Queries) error { return q.DisableUser(ctx, "a", Start) })
	users("a disabled", "b")
	s.Write(func(q *store.Queries) error { return q.EnableUser(ctx, "a") })
	users("a", "b")
	s.Write(func(q *store.Queries) error { return q.DeleteUser(ctx, "a") })
	users("b")
	if _, err := s.Store.Read().Session(ctx, "one"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the session of a deleted user: %v", err)
	}
	if known, err := s.Store.Read().KnowsAddress(ctx, "a", "192.0.2.1"); err != nil || known {
		t.Errorf("the address of a deleted user: %v, %v", known, err)
	}
	for name, change := range map[string]func(*store.Queries) error{
		"disable": func(q *store.Queries) error { return q.DisableUser(ctx, "a", Start) },
		"enable":  func(q *store.Queries) error { return q.EnableUser(ctx, "a") },
		"delete":  func(q *store.Queries) error { return q.DeleteUser(ctx, "a") },
	} {
		if err := s.Store.Write(ctx, change); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("to %s nobody: %v", name, err)
		}
	}
}

func testRetiredSigningKeys(t *testing.T, s *Suite) {
	ctx := t.Context()
	for i, id := range []string{"first", "second", "third"} {
		s.Write(func(q *store.Queries) error {
			return q.CreateSigningKey(ctx, store.SigningKey{ID: id, Sealed: []byte("sealed"), CreatedAt: Start.Add(time.Duration(i) * time.Hour)})
		})
	}
	for _, test := range []struct {
		before time.Duration
		want   []string
	}{
		{0, []string{"third", "second", "first"}},
		{time.Hour, []string{"third", "second", "first"}},
		{time.Hour + time.Millisecond, []string{"third", "second"}},
		{1000 * time.Hour, []string{"third"}}, // the newest stays
	} {
		s.Write(func(q *store.Queries) error { return q.DeleteRetiredSigningKeys(ctx, Start.Add(test.before)) })
		keys, err := s.Store.Read().SigningKeys(ctx)
		var got []string
		for _, key := range keys {
			got = append(got, key.ID)
		}
		if err != nil || !slices.Equal(got, test.want) {
			t.Errorf("before %v: %q, %v, want %q", test.before, got, err, test.want)
		}
	}
}

func testAuditPruning(t *testing.T, s *Suite) {
	ctx := t.Context()
	s.Write(func(q *store.Queries) (err error) {
		for i := range 10 {
			err = errors.Join(err, q.Audit(ctx, store.AuditLine{At: Start.Add(time.Duration(i) * time.Hour), UserID: []string{"ada", "bob"}[i%2]}))
		}
		return err
	})
	count := func(since time.Duration, want int) {
		t.Helper()
		if lines, err := linesOf(s.Store.Read().AuditSince(ctx, Start.Add(since))); err != nil || len(lines) != want {
			t.Errorf("%d lines since %v, %v, want %d", len(lines), since, err, want)
		}
	}
	count(0, 10)
	count(7*time.Hour, 3)
	if lines, err := linesOf(s.Store.Read().AuditOf(ctx, "ada", Start.Add(7*time.Hour))); err != nil || len(lines) != 1 {
		t.Errorf("of ada: %+v, %v", lines, err)
	}
	var place store.AuditTime
	for _, step := range []struct {
		left int
		more bool
	}{{7, true}, {6, false}, {6, false}} { // three at a time, four are old
		s.Write(func(q *store.Queries) (err error) {
			var more bool
			if place, more, err = q.PruneAudit(ctx, Start.Add(4*time.Hour), place, 3); more != step.more {
				t.Errorf("there may be more: %v, want %v", more, step.more)
			}
			return err
		})
		count(0, step.left)
	}
	for _, step := range []struct{ want, left int }{{2, 4}, {1, 3}, {0, 3}} {
		s.deletes("lines of bob", step.want, func(q *store.Queries) (int64, error) { return q.DeleteAuditOf(ctx, "bob", 2) })
		count(0, step.left)
	}
}

func testAttempts(t *testing.T, s *Suite) {
	ctx := t.Context()
	ada := store.Attempts{Account: "ada@example.com", FullAt: Start.Add(time.Hour)}
	bob := store.Attempts{Account: "bob@example.com", FullAt: Start.Add(time.Minute)}
	s.Write(func(q *store.Queries) error {
		return errors.Join(q.SaveAttempts(ctx, bob), q.SaveAttempts(ctx, store.Attempts{Account: ada.Account, FullAt: Start}), q.SaveAttempts(ctx, ada))
	})
	at := func(after time.Duration, want ...store.Attempts) {
		t.Helper()
		got, err := s.Store.Read().AttemptsAt(ctx, Start.Add(after))
		if err != nil {
			t.Fatal(err)
		}
		Wants(s, "the attempts after "+after.String(), got, want)
	}
	at(0, ada, bob)
	at(time.Minute, ada)
	s.deletes("attempts", 1, func(q *store.Queries) (int64, error) { return q.SweepAttempts(ctx, Start.Add(time.Hour), 10) })
	at(0, ada)
}

func testUnseenEventsStay(t *testing.T, s *Suite) {
	ctx := t.Context()
	s.Write(func(q *store.Queries) error {
		return errors.Join(
			q.CreateUser(ctx, store.User{ID: "a", Email: "ada@example.com", CreatedAt: Start}),
			q.Audit(ctx, store.AuditLine{At: Start, Event: store.EventReplay, Outcome: "failure", UserID: "a"}),
			q.Audit(ctx, store.AuditLine{At: Start, Event: store.EventReplay, Outcome: "failure", UserID: "gone"}),
			q.Audit(ctx, store.AuditLine{At: Start, Event: "login", Outcome: "failure", UserID: "a"}),
			q.Audit(ctx, store.AuditLine{At: Start, Event: "login", Outcome: "success", UserID: "a"}),
		)
	})
	events := func(want ...string) (list []store.Event) {
		t.Helper()
		list, err := s.Store.Read().EventsOf(ctx, "a", 1)
		var got []string
		for _, e := range list {
			got = append(got, e.Event+" "+e.Outcome+map[bool]string{true: " unseen"}[e.Unseen])
		}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("events %q, %v, want %q", got, err, want)
		}
		return list
	}
	list := events("login success", "login failure", "refresh_replay failure unseen")
	prune := func() {
		s.Write(func(q *store.Queries) error {
			_, _, err := q.PruneAudit(ctx, Start.Add(time.Hour), store.AuditTime{}, 10)
			return err
		})
	}
	prune()
	events("refresh_replay failure unseen")
	if err := s.Store.Write(ctx, func(q *store.Queries) error { return q.SeeEvents(ctx, "a", list[0].Seq) }); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a deleted line is marked as seen: %v", err)
	}
	s.Write(func(q *store.Queries) error { return q.SeeEvents(ctx, "a", list[2].Seq) })
	events("refresh_replay failure")
	prune()
	events()
}

func testTimesSetBack(t *testing.T, s *Suite) {
	ctx, ada := t.Context(), s.User("ada")
	latest := func(after time.Duration) {
		t.Helper()
		if got, err := s.Store.Read().LatestTime(ctx); err != nil || !got.Equal(Start.Add(after)) {
			t.Errorf("the latest time is %v, %v, want %v after the start", got, err, after)
		}
	}
	if got, err := s.Store.Read().LatestTime(ctx); err != nil || got.UnixMilli() != 0 {
		t.Errorf("the latest time of nothing: %v, %v", got, err)
	}
	young, old := store.SigningKey{ID: "young", Sealed: []byte("y"), CreatedAt: Start.Add(time.Minute)}, store.SigningKey{ID: "old", Sealed: []byte("o"), CreatedAt: Start}
	s.Write(func(q *store.Queries) error {
		return errors.Join(q.CreateSigningKey(ctx, young), q.CreateSigningKey(ctx, old),
			q.SaveAttempts(ctx, store.Attempts{Account: ada.Email, FullAt: Start.Add(5 * time.Hour)}))
	})
	latest(time.Minute)
	session := s.Session("one", ada.ID, time.Hour)
	latest(time.Hour)
	s.rotate("one", 1, 2*time.Hour)
	latest(2 * time.Hour)
	s.Write(func(q *store.Queries) error { return q.SeeSession(ctx, "one", Start.Add(3*time.Hour)) })
	latest(3 * time.Hour)
	ended := s.Session("ended", ada.ID, 4*time.Hour)
	latest(4 * time.Hour)
	s.Write(func(q *store.Queries) error { return q.RevokeSession(ctx, "ended", Start.Add(4*time.Hour)) })
	latest(3 * time.Hour)

	s.Write(func(q *store.Queries) error {
		return errors.Join(q.SetTimesBack(ctx, 24*time.Hour), q.SetSigningKeysBack(ctx, time.Hour))
	})
	session.Generation = 2
	session.CreatedAt, session.RotatedAt, session.LastSeenAt = Start.Add(-23*time.Hour), Start.Add(-22*time.Hour), Start.Add(-21*time.Hour)
	session.ProvedAt = session.CreatedAt
	s.wantsSession(session)
	ended.Revoked = true
	s.wantsSession(ended)
	latest(-59 * time.Minute)
	keys, err := s.Store.Read().SigningKeys(ctx)
	if err != nil || len(keys) != 2 || keys[0].ID != "young" || !keys[0].CreatedAt.Equal(young.CreatedAt.Add(-time.Hour)) || !keys[1].CreatedAt.Equal(old.CreatedAt.Add(-time.Hour)) {
		t.Errorf("keys %+v, %v", keys, err)
	}
	attempts, err := s.Store.Read().AttemptsAt(ctx, Start.Add(-20*time.Hour))
	if err != nil || len(attempts) != 1 || !attempts[0].FullAt.Equal(Start.Add(-19*time.Hour)) {
		t.Errorf("attempts %+v, %v", attempts, err)
	}
}

func testAudited(t *testing.T, s *Suite) {
	s.Write(func(q *store.Queries) error {
		return q.Audit(t.Context(), store.AuditLine{At: Start, Event: "here"})
	})
	for _, test := range []struct {
		event    string
		from, to time.Duration
		want     bool
	}{
		{"here", 0, 0, true},
		{"here", -time.Hour, time.Hour, true},
		{"here", time.Millisecond, time.Hour, false},
		{"here", -time.Hour, -time.Millisecond, false},
		{"there", -time.Hour, time.Hour, false},
	} {
		if got, err := s.Store.Read().Audited(t.Context(), test.event, Start.Add(test.from), Start.Add(test.to)); err != nil || got != test.want {
			t.Errorf("%+v: %v, %v", test, got, err)
		}
	}
}
