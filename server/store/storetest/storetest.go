// Package storetest is the test suite that every supported database must pass.
// It uses only the store's own methods.
package storetest

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lychgate/server/problem"
	"lychgate/server/store"
)

// Run runs the suite; open returns a new, empty store and closes it when its
// test ends.
func Run(t *testing.T, open func(t *testing.T) *store.Store) {
	RunAll(t, open, map[string]func(*testing.T, *Suite){
		"Users":                    testUsers,
		"UsersAreUnique":           testUsersAreUnique,
		"KnownAddresses":           testKnownAddresses,
		"Sessions":                 testSessions,
		"SessionsOf":               testSessionsOf,
		"RotationIsCompareAndSwap": testRotation,
		"RacingRotations":          testRacingRotations,
		"Revocations":              testRevocations,
		"RevokeSessionsOf":         testRevokeSessionsOf,
		"Sweep":                    testSweep,
		"DisabledAndDeletedUsers":  testDisabledAndDeletedUsers,
		"RetiredSigningKeys":       testRetiredSigningKeys,
		"AuditPruning":             testAuditPruning,
		"Attempts":                 testAttempts,
		"UnseenEventsStay":         testUnseenEventsStay,
		"SigningKeys":              testSigningKeys,
		"Audit":                    testAudit,
		"Audited":                  testAudited,
		"TimesSetBack":             testTimesSetBack,
		"Steps":                    testSteps,
		"Pages":                    testPages,
		"SessionsByLastSeen":       testSessionsByLastSeen,
		"DeleteSessionsOf":         testDeleteSessionsOf,
		"SweepSteps":               testSweepSteps,
		"AuditTrimming":            testAuditTrimming,
		"Maintenance":              testMaintenance,
		"WriteRollsBack":           testWriteRollsBack,
		"WriteAfterAPanic":         testWriteAfterAPanic,
		"WriteWithoutTime":         testWriteWithoutTime,
		"ConcurrentWrites":         testConcurrentWrites,
	})
}

// RunAll runs tests side by side, each with a store of its own.
func RunAll(t *testing.T, open func(t *testing.T) *store.Store, tests map[string]func(*testing.T, *Suite)) {
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, &Suite{T: t, Store: open(t)})
		})
	}
}

// Suite is a test with its store.
type Suite struct {
	*testing.T
	Store *store.Store
}

// Start is when the tests begin, to the millisecond as times are stored.
var Start = time.Date(2026, time.February, 3, 4, 5, 6, 789_000_000, time.UTC)

// Write runs work in a transaction.
func (s *Suite) Write(work func(*store.Queries) error) {
	s.Helper()
	// Without a time limit: some tests fill tables on slow machines.
	if err := s.Store.WriteLong(s.Context(), work); err != nil {
		s.Fatal(err)
	}
}

// User stores an account and returns it.
func (s *Suite) User(id string) store.User {
	s.Helper()
	user := store.User{ID: id, Email: id + "@example.com", Name: "Ἀδα 李 👩‍💻 '; DROP TABLE users; --", PasswordHash: "hash of " + id, PasswordVersion: 1, CreatedAt: Start, Role: "user"}
	s.Write(func(q *store.Queries) error { return q.CreateUser(s.Context(), user) })
	return user
}

// Session stores a session created this long after Start.
func (s *Suite) Session(id, userID string, after time.Duration) store.Session {
	s.Helper()
	at := Start.Add(after)
	session := store.Session{
		ID: id, UserID: userID, Generation: 1, RotatedAt: at, CreatedAt: at, LastSeenAt: at,
		IP: "2001:db8::1", UserAgent: "a browser, «quoted»", ProvedAt: at, Methods: "pwd otp mfa",
	}
	s.Write(func(q *store.Queries) error { return q.CreateSession(s.Context(), session) })
	return session
}

func (s *Suite) wantsSession(want store.Session) {
	s.Helper()
	if got, err := s.Store.Read().Session(s.Context(), want.ID); err != nil || got != want {
		s.Errorf("session %+v, %v\nwant    %+v", got, err, want)
	}
}

// sessionsOf returns the ids of a person's sessions.
func (s *Suite) sessionsOf(userID string) (ids []string) {
	s.Helper()
	sessions, err := collect(s.Store.Read().SessionsOf(s.Context(), userID))
	if err != nil {
		s.Fatal(err)
	}
	for _, session := range sessions {
		ids = append(ids, session.ID)
	}
	return ids
}

// revokedAfter returns the sessions whose revocation was recorded after seq, and
// the last seq.
func (s *Suite) revokedAfter(seq int64) (ids []string, last int64) {
	s.Helper()
	for _, change := range s.ChangesAfter(seq) {
		seq = change.Seq
		if change.Kind == store.SessionChange {
			ids = append(ids, change.ID)
		}
	}
	return ids, seq
}

// ChangesAfter returns the changes recorded after seq.
func (s *Suite) ChangesAfter(seq int64) []store.Change {
	s.Helper()
	changes, err := s.Store.Read().ChangesFrom(s.Context(), seq+1, 10_000)
	if err != nil {
		s.Fatal(err)
	}
	for _, change := range changes {
		if change.Seq <= seq {
			s.Errorf("the change %+v comes after %d", change, seq)
		}
		seq = change.Seq
	}
	return changes
}

// collect returns all items of a paged list.
func collect[T any](list iter.Seq2[T, error]) (items []T, err error) {
	for item, err := range list {
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	return items, nil
}

// linesOf returns audit lines without their numbers.
func linesOf(list iter.Seq2[store.Line, error]) (lines []store.AuditLine, err error) {
	numbered, err := collect(list)
	for _, line := range numbered {
		lines = append(lines, line.AuditLine)
	}
	return lines, err
}

// deletes fails the test unless a change removes this many rows.
func (s *Suite) deletes(what string, want int, remove func(*store.Queries) (int64, error)) {
	s.Helper()
	s.Write(func(q *store.Queries) error {
		n, err := remove(q)
		if n != int64(want) {
			s.Errorf("%s: %d are gone, want %d", what, n, want)
		}
		return err
	})
}

// sweeps sweeps sessions created, seen or revoked before the given times, and
// changes, one row at a time.
func (s *Suite) sweeps(createdBefore, seenBefore, revokedBefore time.Time) {
	s.Helper()
	for _, sweep := range []struct {
		rows   func(*store.Queries, context.Context, time.Time, int) (int64, error)
		before time.Time
	}{
		{(*store.Queries).SweepOldSessions, createdBefore},
		{(*store.Queries).SweepIdleSessions, seenBefore},
		{(*store.Queries).SweepRevokedSessions, revokedBefore},
		{(*store.Queries).SweepChanges, revokedBefore},
	} {
		err := s.Store.InSteps(s.Context(), func(q *store.Queries) (bool, error) {
			n, err := sweep.rows(q, s.Context(), sweep.before, 1)
			return n == 1, err
		})
		if err != nil {
			s.Fatal(err)
		}
	}
}

// Wants fails the test unless two lists are the same.
func Wants[T comparable](s *Suite, what string, got, want []T) {
	s.Helper()
	if !slices.Equal(got, want) {
		s.Errorf("%s: %v, want %v", what, got, want)
	}
}

func testWriteRollsBack(t *testing.T, s *Suite) {
	ada := s.User("ada")
	session := s.Session("one", ada.ID, 0)
	own := errors.New("an error of the work's own")
	err := s.Store.Write(t.Context(), func(q *store.Queries) error {
		if err := q.RenameUser(t.Context(), ada.ID, "another name"); err != nil {
			return err
		}
		if err := q.RevokeSession(t.Context(), session.ID, Start); err != nil {
			return err
		}
		if err := q.Audit(t.Context(), store.AuditLine{At: Start, Event: "end", UserID: ada.ID}); err != nil {
			return err
		}
		// A transaction sees its own writes.
		if user, err := q.User(t.Context(), ada.ID); err != nil || user.Name != "another name" {
			t.Errorf("inside: %+v, %v", user, err)
		}
		return own
	})
	if err != own { //nolint:errorlint // it must come back as it is
		t.Errorf("error %v, want %v", err, own)
	}
	if user, err := s.Store.Read().User(t.Context(), ada.ID); err != nil || user != ada {
		t.Errorf("user %+v, %v", user, err)
	}
	s.wantsSession(session)
	revocations, _ := s.revokedAfter(0)
	Wants(s, "revocations", revocations, nil)
	if lines, err := linesOf(s.Store.Read().AuditOf(t.Context(), ada.ID, time.Time{})); err != nil || len(lines) > 0 {
		t.Errorf("audit %+v, %v", lines, err)
	}
}

func testWriteAfterAPanic(t *testing.T, s *Suite) {
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		s.Write(func(q *store.Queries) error {
			if err := q.CreateUser(t.Context(), store.User{ID: "ada", Email: "ada@example.com"}); err != nil {
				return err
			}
			panic("in the middle")
		})
	}()
	if _, err := s.Store.Read().User(t.Context(), "ada"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("half of the work was written: %v", err)
	}
	s.User("ada") // and the store still writes
}

func testWriteWithoutTime(t *testing.T, s *Suite) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := s.Store.Write(ctx, func(q *store.Queries) error {
		return q.CreateUser(ctx, store.User{ID: "ada", Email: "ada@example.com"})
	})
	WantsUnavailable(t, err)

	ctx, cancel = context.WithCancel(t.Context())
	defer cancel()
	err = s.Store.Write(ctx, func(q *store.Queries) error {
		defer cancel()
		return q.CreateUser(ctx, store.User{ID: "ada", Email: "ada@example.com"})
	})
	WantsUnavailable(t, err)
	if _, err := s.Store.Read().User(t.Context(), "ada"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("written all the same: %v", err)
	}
	s.User("ada")
}

// WantsUnavailable fails the test unless err is a problem of kind Unavailable.
func WantsUnavailable(t *testing.T, err error) {
	t.Helper()
	var p *problem.Error
	if !errors.As(err, &p) || p.Kind != problem.Unavailable || p.RetryAfter <= 0 || p.Cause == nil {
		t.Errorf("error %v, want a problem of kind Unavailable", err)
	}
}

func testConcurrentWrites(t *testing.T, s *Suite) {
	ada := s.User("ada")
	var (
		all     sync.WaitGroup
		written atomic.Int32
	)
	for writer := range 8 {
		all.Go(func() {
			for i := range 5 {
				id := strconv.Itoa(writer) + "-" + strconv.Itoa(i)
				err := s.Store.Write(t.Context(), func(q *store.Queries) error {
					return q.CreateSession(t.Context(), store.Session{ID: id, UserID: ada.ID, CreatedAt: Start})
				})
				if err != nil {
					t.Error(err)
					return
				}
				written.Add(1)
				// Committed data is readable at once.
				if _, err := s.Store.Read().Session(t.Context(), id); err != nil {
					t.Errorf("session %s: %v", id, err)
				}
			}
		})
	}
	all.Wait()
	if got := len(s.sessionsOf(ada.ID)); got != int(written.Load()) || got != 40 {
		t.Errorf("%d sessions, %d were written", got, written.Load())
	}
}
