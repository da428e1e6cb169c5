package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"lychgate/server/store"
)

func testSteps(t *testing.T, s *Suite) {
	ctx, own := t.Context(), errors.New("an error of the step's own")
	steps := 0
	err := s.Store.InSteps(ctx, func(q *store.Queries) (bool, error) {
		if steps++; steps == 4 {
			return false, errors.Join(q.CreateUser(ctx, store.User{ID: "4", Email: "4"}), own)
		}
		id := fmt.Sprint(steps)
		return true, q.CreateUser(ctx, store.User{ID: id, Email: id})
	})
	if !errors.Is(err, own) {
		t.Errorf("error %v, want %v", err, own)
	}
	// Earlier steps stay committed.
	for id, want := range map[string]bool{"1": true, "2": true, "3": true, "4": false} {
		if _, err := s.Store.Read().User(ctx, id); (err == nil) != want {
			t.Errorf("step %s: %v", id, err)
		}
	}

	ctx, cancel := context.WithCancel(t.Context())
	steps = 0
	err = s.Store.InSteps(ctx, func(*store.Queries) (bool, error) {
		if steps++; steps == 3 {
			defer cancel()
		}
		return true, nil
	})
	WantsUnavailable(t, err)
	if steps != 3 {
		t.Errorf("%d steps, and it was cancelled in the third", steps)
	}
}

// More rows than a page holds, many with the same time.
const several = 2*store.StepRows + 7

func testPages(t *testing.T, s *Suite) {
	ctx := t.Context()
	ada, bob := s.User("ada"), s.User("bob")
	s.Write(func(q *store.Queries) error {
		for i := range several {
			id := fmt.Sprintf("%04d", i)
			at := Start.Add(time.Duration(i/700) * time.Hour)
			if err := errors.Join(
				q.CreateUser(ctx, store.User{ID: id, Email: id}),
				q.CreateSession(ctx, store.Session{ID: id, UserID: ada.ID, CreatedAt: at}),
				q.Audit(ctx, store.AuditLine{At: at, UserID: []string{ada.ID, "another"}[i%2]}),
			); err != nil {
				return err
			}
		}
		return q.CreateSession(ctx, store.Session{ID: "of bob", UserID: bob.ID, CreatedAt: Start})
	})
	ids := func(list []store.Session) (ids []string) {
		for _, session := range list {
			ids = append(ids, session.ID)
		}
		return ids
	}
	complete := func(what string, ids []string, err error, want int) {
		t.Helper()
		unique := slices.Compact(slices.Sorted(slices.Values(ids)))
		if err != nil || len(ids) != want || len(unique) != want {
			t.Errorf("%s: %d, %d of them different, want %d (%v)", what, len(ids), len(unique), want, err)
		}
	}
	sessions, err := collect(s.Store.Read().SessionsOf(ctx, ada.ID))
	complete("sessions of ada", ids(sessions), err, several)
	if !slices.IsSortedFunc(sessions, func(a, b store.Session) int { return b.CreatedAt.Compare(a.CreatedAt) }) {
		t.Error("sessions of ada are not the newest first")
	}
	sessions, err = collect(s.Store.Read().LiveSessions(ctx))
	complete("all sessions", ids(sessions), err, several+1)
	users, err := collect(s.Store.Read().Users(ctx))
	var emails []string
	for _, user := range users {
		emails = append(emails, user.Email)
	}
	complete("users", emails, err, several+2)
	if !slices.IsSorted(emails) {
		t.Error("users are not in the order of their addresses")
	}
	for _, test := range []struct {
		what string
		list func() ([]store.Line, error)
		want int
	}{
		{"all lines", func() ([]store.Line, error) { return collect(s.Store.Read().AuditSince(ctx, time.Time{})) }, several},
		{"later lines", func() ([]store.Line, error) { return collect(s.Store.Read().AuditSince(ctx, Start.Add(time.Hour))) }, several - 700},
		{"no lines", func() ([]store.Line, error) { return collect(s.Store.Read().AuditSince(ctx, Start.Add(24*time.Hour))) }, 0},
		{"lines of ada", func() ([]store.Line, error) { return collect(s.Store.Read().AuditOf(ctx, ada.ID, time.Time{})) }, several/2 + 1},
		{"later lines of ada", func() ([]store.Line, error) {
			return collect(s.Store.Read().AuditOf(ctx, ada.ID, Start.Add(time.Hour)))
		}, (several-700)/2 + 1},
	} {
		lines, err := test.list()
		if err != nil || len(lines) != test.want || !slices.IsSortedFunc(lines, func(a, b store.Line) int { return int(a.Seq - b.Seq) }) {
			t.Errorf("%s: %d, want %d in order (%v)", test.what, len(lines), test.want, err)
		}
	}
	// Stopping early is fine.
	for range s.Store.Read().AuditSince(ctx, time.Time{}) {
		break
	}
	// Lines added while reading are not returned, or it would never end.
	read := 0
	for range s.Store.Read().AuditSince(ctx, time.Time{}) {
		if read++; read <= several {
			s.Write(func(q *store.Queries) error { return q.Audit(ctx, store.AuditLine{At: Start}) })
		}
	}
	if read != several {
		t.Errorf("%d lines were read of %d", read, several)
	}
}

// Most recently seen first, up to a limit.
func testSessionsByLastSeen(t *testing.T, s *Suite) {
	ctx, ada := t.Context(), s.User("ada")
	for i, id := range []string{"c", "a", "b"} {
		s.Session(id, ada.ID, time.Duration(i)*time.Hour)
	}
	s.Session("ended", ada.ID, 10*time.Hour)
	s.Session("of bob", s.User("bob").ID, 10*time.Hour)
	s.Write(func(q *store.Queries) error {
		return errors.Join(q.SeeSession(ctx, "c", Start.Add(5*time.Hour)), q.RevokeSession(ctx, "ended", Start))
	})
	byUse := func(limit int) (ids []string) {
		sessions, err := s.Store.Read().SessionsByLastSeen(ctx, ada.ID, limit)
		if err != nil {
			t.Fatal(err)
		}
		for _, session := range sessions {
			ids = append(ids, session.ID)
		}
		return ids
	}
	Wants(s, "by use", byUse(10), []string{"c", "b", "a"})
	Wants(s, "the last two", byUse(2), []string{"c", "b"})

	for _, test := range []struct {
		except string
		than   int
		want   bool
	}{{"", 2, true}, {"", 3, false}, {"c", 2, false}, {"c", 1, true}, {"of bob", 2, true}} {
		if got, err := s.Store.Read().HasMoreSessions(ctx, ada.ID, test.except, test.than); err != nil || got != test.want {
			t.Errorf("more than %d except for %q: %v, %v", test.than, test.except, got, err)
		}
	}

	var ended []string
	s.Write(func(q *store.Queries) (err error) {
		ended, err = q.RevokeSessionsOf(ctx, ada.ID, "a", Start, 1)
		return err
	})
	Wants(s, "the one unused for the longest", ended, []string{"b"})
	s.Write(func(q *store.Queries) (err error) {
		ended, err = q.RevokeSessions(ctx, []string{"nothing", "b", "c", "of bob"}, Start)
		return err
	})
	slices.Sort(ended)
	Wants(s, "those that had not ended", ended, []string{"c", "of bob"})
	revocations, _ := s.revokedAfter(0)
	slices.Sort(revocations)
	Wants(s, "revocations", revocations, []string{"b", "c", "ended", "of bob"})
	Wants(s, "left", s.sessionsOf(ada.ID), []string{"a"})
	s.Write(func(q *store.Queries) (err error) {
		ended, err = q.RevokeSessions(ctx, nil, Start)
		return err
	})
	Wants(s, "of none", ended, nil)
}

func testDeleteSessionsOf(t *testing.T, s *Suite) {
	ctx, ada, bob := t.Context(), s.User("ada"), s.User("bob")
	for i := range 5 {
		s.Session(fmt.Sprint(i), ada.ID, 0)
	}
	s.Session("of bob", bob.ID, 0)
	s.Write(func(q *store.Queries) error { return q.RevokeSession(ctx, "1", Start) })
	_, before := s.revokedAfter(0)
	for _, want := range []int{3, 2, 0} {
		s.deletes("sessions", want, func(q *store.Queries) (int64, error) { return q.DeleteSessionsOf(ctx, ada.ID, Start, 3) })
	}
	revocations, _ := s.revokedAfter(before)
	Wants(s, "revocations of those that had not ended", revocations, []string{"0", "2", "3", "4"})
	if _, err := s.Store.Read().Session(ctx, "of bob"); err != nil {
		t.Errorf("somebody else's: %v", err)
	}
}

func testSweepSteps(t *testing.T, s *Suite) {
	ctx, ada, bob := t.Context(), s.User("ada"), s.User("bob")
	for i := range 5 {
		s.Session(fmt.Sprint(i), ada.ID, time.Duration(i)*time.Hour)
	}
	s.Write(func(q *store.Queries) (err error) {
		for i := range 5 {
			at := Start.Add(time.Duration(i) * time.Hour)
			err = errors.Join(err,
				q.RememberAddress(ctx, ada.ID, fmt.Sprintf("192.0.2.%d", i), at),
				q.SaveAttempts(ctx, store.Attempts{Account: fmt.Sprint(i), FullAt: at}))
		}
		return errors.Join(err, q.RememberAddress(ctx, bob.ID, "192.0.2.0", Start.Add(4*time.Hour)), q.RevokeSession(ctx, "4", Start), q.RevokeSession(ctx, "3", Start.Add(time.Hour)),
			q.DeleteAttempts(ctx, "another")) // the last change, which stays
	})
	before := Start.Add(3 * time.Hour)
	for _, test := range []struct {
		what   string
		remove func(*store.Queries) (int64, error)
		want   []int
	}{
		{"revoked sessions", func(q *store.Queries) (int64, error) { return q.SweepRevokedSessions(ctx, before, 1) }, []int{1, 1, 0}},
		{"changes", func(q *store.Queries) (int64, error) { return q.SweepChanges(ctx, before, 1) }, []int{1, 1, 0}},
		{"sessions that began", func(q *store.Queries) (int64, error) { return q.SweepOldSessions(ctx, Start.Add(time.Hour), 2) }, []int{1, 0}},
		{"sessions that were seen", func(q *store.Queries) (int64, error) { return q.SweepIdleSessions(ctx, before, 1) }, []int{1, 1, 0}},
		{"addresses", func(q *store.Queries) (int64, error) { return q.SweepAddresses(ctx, before, 2) }, []int{2, 1, 0}},
		{"addresses but for the last", func(q *store.Queries) (int64, error) { return q.ForgetAddressesOf(ctx, ada.ID, 1, 5) }, []int{1, 0}},
		{"attempts", func(q *store.Queries) (int64, error) { return q.SweepAttempts(ctx, before, 2) }, []int{2, 1, 0}},
	} {
		for _, want := range test.want {
			s.deletes(test.what, want, test.remove)
		}
	}
	for address, want := range map[string]bool{"192.0.2.4": true, "192.0.2.3": false, "192.0.2.0": false} {
		if known, err := s.Store.Read().KnowsAddress(ctx, ada.ID, address); err != nil || known != want {
			t.Errorf("%s is known: %v, %v", address, known, err)
		}
	}
	if known, err := s.Store.Read().KnowsAddress(ctx, bob.ID, "192.0.2.0"); err != nil || !known {
		t.Errorf("somebody else's address: %v, %v", known, err)
	}
}

func testAuditTrimming(t *testing.T, s *Suite) {
	ctx, ada := t.Context(), s.User("ada")
	add := func(n int, userID, event, outcome string) {
		s.Write(func(q *store.Queries) (err error) {
			for range n {
				err = errors.Join(err, q.Audit(ctx, store.AuditLine{At: Start, Event: event, Outcome: outcome, UserID: userID}))
			}
			return err
		})
	}
	const alerts = 120 // of which 100 are kept
	add(alerts, ada.ID, store.EventReplay, "failure")
	add(10, ada.ID, "login", "failure")
	add(10, ada.ID, "login", "success")
	add(10, "", "login", "failure")

	read := s.Store.Read()
	counts, last, err := read.CountedAfter(ctx, 0, alerts+15)
	if err != nil || last != alerts+15 || len(counts) != 2 {
		t.Fatalf("counts %+v up to %d, %v", counts, last, err)
	}
	counts, last, err = read.CountedAfter(ctx, last, 1000)
	if err != nil || last != alerts+30 || len(counts) != 2 {
		t.Fatalf("the next counts %+v up to %d, %v", counts, last, err)
	}
	if counts, last, err := read.CountedAfter(ctx, last, 1000); err != nil || last != alerts+30 || len(counts) != 0 {
		t.Errorf("after the last: %+v, %d, %v", counts, last, err)
	}

	ofAda := store.AuditCount{UserID: ada.ID, Outcome: "failure"}
	surplus, err := read.Surplus(ctx, ofAda, 3)
	if err != nil || surplus != alerts+7 {
		t.Fatalf("the last line too many is %d, %v", surplus, err)
	}
	if none, err := read.Surplus(ctx, ofAda, alerts+10); err != nil || none != 0 {
		t.Errorf("as many as are kept: %d, %v", none, err)
	}
	var seq int64
	steps := 0
	if err := s.Store.InSteps(ctx, func(q *store.Queries) (more bool, err error) {
		steps++
		seq, more, err = q.TrimAudit(ctx, ofAda, seq, surplus, 50)
		return more, err
	}); err != nil || steps != 3 {
		t.Errorf("%d steps, %v", steps, err)
	}
	left := map[string]int{}
	for line, err := range read.AuditSince(ctx, time.Time{}) {
		if err != nil {
			t.Fatal(err)
		}
		left[line.UserID+" "+line.Event+" "+line.Outcome]++
	}
	for what, want := range map[string]int{"ada refresh_replay failure": 100, "ada login failure": 3, "ada login success": 10, " login failure": 10} {
		if left[what] != want {
			t.Errorf("%d lines are left of %s, want %d", left[what], what, want)
		}
	}
	if events, err := read.EventsOf(ctx, ada.ID, 2); err != nil || len(events) != 104 {
		t.Errorf("%d events are shown, %v", len(events), err)
	}
}

func testMaintenance(t *testing.T, s *Suite) {
	ctx, read := t.Context(), s.Store.Read()
	clock := func(want store.SweepClock) {
		t.Helper()
		if got, err := read.SweepClock(ctx); err != nil || got != want {
			t.Errorf("%+v, %v, want %+v", got, err, want)
		}
	}
	clock(store.SweepClock{})
	for _, state := range []store.SweepClock{{At: Start}, {At: Start, AheadAt: Start.Add(time.Hour), AheadFor: time.Minute}, {At: Start.Add(time.Hour)}} {
		s.Write(func(q *store.Queries) error { return q.SaveSweepClock(ctx, state) })
		clock(state)
	}
	s.Write(func(q *store.Queries) error { return q.SaveAuditCounted(ctx, 77) })
	if seq, err := read.AuditCounted(ctx); err != nil || seq != 77 {
		t.Errorf("counted up to %d, %v", seq, err)
	}

	longest := func(after time.Duration, want time.Duration) {
		t.Helper()
		s.Write(func(q *store.Queries) error {
			got, err := q.LongestAccessTTL(ctx, Start.Add(after), time.Minute)
			if got != want {
				t.Errorf("%v after the Start the longest life is %v, want %v", after, got, want)
			}
			return err
		})
	}
	longest(0, 0)
	note := func(ttl, after time.Duration) {
		s.Write(func(q *store.Queries) error { return q.NoteAccessTTL(ctx, ttl, Start.Add(after)) })
	}
	note(time.Hour, -time.Hour)
	note(time.Hour, 0)
	note(15*time.Minute, time.Minute)
	longest(time.Minute, time.Hour)
	longest(time.Hour+time.Minute, time.Hour) // the last token with that TTL may be so old
	note(15*time.Minute, time.Hour)
	longest(time.Hour+time.Minute+time.Second, 15*time.Minute)

	latest, err := read.LatestRecord(ctx)
	if err != nil || latest.UnixMilli() != 0 {
		t.Errorf("the latest record of nothing: %v, %v", latest, err)
	}
	s.Write(func(q *store.Queries) error {
		return errors.Join(
			q.Audit(ctx, store.AuditLine{At: Start.Add(1000 * time.Hour)}), // by a wrong clock
			q.Audit(ctx, store.AuditLine{At: Start.Add(time.Hour)}))
	})
	if latest, err := read.LatestRecord(ctx); err != nil || !latest.Equal(Start.Add(time.Hour)) {
		t.Errorf("the latest record: %v, %v", latest, err)
	}
	s.Session("one", s.User("ada").ID, 2*time.Hour)
	if latest, err := read.LatestRecord(ctx); err != nil || !latest.Equal(Start.Add(2*time.Hour)) {
		t.Errorf("the latest record: %v, %v", latest, err)
	}
}
