package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"lychgate/server/store"
)

// A writer waiting in this process gets its turn before the next step.
func TestOthersGetTheirTurnBetweenSteps(t *testing.T) {
	s := open(t, path(t))
	waiting := make(chan error, 1)
	steps := 0
	err := s.InSteps(t.Context(), func(q *store.Queries) (bool, error) {
		if steps > 0 {
			if _, err := q.User(t.Context(), strconv.Itoa(steps)); err != nil {
				t.Errorf("after step %d another one came before the write that waited: %v", steps, err)
			}
			if err := <-waiting; err != nil {
				return false, err
			}
		}
		if steps++; steps == 5 {
			return false, nil
		}
		queued := s.Writer().Stats().WaitCount
		go func(id string) { waiting <- create(t.Context(), s, id) }(strconv.Itoa(steps))
		for s.Writer().Stats().WaitCount == queued {
			runtime.Gosched()
		}
		return true, nil
	})
	if err != nil {
		t.Error(err)
	}
}

// Another process only polls for the lock, and still gets it between steps.
func TestAnotherProcessGetsItsTurnBetweenSteps(t *testing.T) {
	t.Parallel()
	file := path(t)
	s, other := open(t, file), open(t, file)
	const writes = 10
	done := make(chan error, 1)
	steps := 0
	err := s.InSteps(t.Context(), func(q *store.Queries) (bool, error) {
		if steps++; steps == 1 {
			go func() {
				var err error
				for i := range writes {
					err = errors.Join(err, create(context.WithoutCancel(t.Context()), other, "other"+strconv.Itoa(i)))
				}
				done <- err
			}()
		}
		for i := range store.StepRows {
			id := fmt.Sprintf("%d-%d", steps, i)
			if err := q.CreateUser(t.Context(), store.User{ID: id, Email: id}); err != nil {
				return false, err
			}
		}
		select {
		case err := <-done:
			return false, err
		default:
			return true, nil
		}
	})
	if err != nil {
		t.Errorf("the other process, in %d steps: %v", steps, err)
	}
}

// traces returns which of the database's files contain a text.
func traces(t *testing.T, file, text string) (found []string) {
	t.Helper()
	for _, end := range []string{"", "-wal", "-shm"} {
		content, err := os.ReadFile(file + end)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		if bytes.Contains(content, []byte(text)) {
			found = append(found, "lychgate.db"+end)
		}
	}
	return found
}

// Deleted data is overwritten in the database, and the log is emptied.
func TestErase(t *testing.T) {
	file := path(t)
	s := open(t, file)
	ctx := t.Context()
	name := func(i int) string { return fmt.Sprintf("marker-%02d-", i) }
	for i := range 12 {
		if err := s.Write(ctx, func(q *store.Queries) error {
			return q.CreateUser(ctx, store.User{ID: strconv.Itoa(i), Email: name(i) + "e", Name: name(i) + "n", PasswordHash: name(i) + "h"})
		}); err != nil {
			t.Fatal(err)
		}
	}
	if done, err := s.Erase(ctx); !done || err != nil {
		t.Errorf("nothing to erase: %v, %v", done, err)
	}
	if traces(t, file, "marker-") == nil {
		t.Fatal("the test looks in the wrong place")
	}
	for i := 0; i < 12; i += 2 {
		if err := s.Write(ctx, func(q *store.Queries) error {
			return errors.Join(q.DeleteUser(ctx, strconv.Itoa(i)), q.NoteErasure(ctx))
		}); err != nil {
			t.Fatal(err)
		}
	}

	// A reader of the log keeps it from being emptied.
	reader := stranger(t, file)
	execute(t, reader, "BEGIN")
	execute(t, reader, "SELECT COUNT(*) FROM users")
	if done, err := s.Erase(ctx); done || err != nil {
		t.Errorf("beside a reader: %v, %v", done, err)
	}
	execute(t, reader, "COMMIT")
	mustCreate(t, s, "after")
	again := open(t, file) // as another process would finish it
	if done, err := again.Erase(ctx); !done || err != nil {
		t.Errorf("without the reader: %v, %v", done, err)
	}
	for i := range 12 {
		if found := traces(t, file, name(i)); (found == nil) != (i%2 == 0) {
			t.Errorf("row %d is found in %q", i, found)
		}
	}
	var timeout string
	if err := again.Writer().QueryRowContext(ctx, "PRAGMA busy_timeout").Scan(&timeout); err != nil || timeout != "5000" {
		t.Errorf("the writer waits for %s afterwards, %v", timeout, err)
	}
}

// The rest between steps is as long as the steps.
func TestStepsRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const took, steps = 20 * time.Millisecond, 5
		write := func(_ context.Context, work func(*store.Queries) error) error { return work(nil) }
		begun, left := time.Now(), steps
		err := new(store.Store).InStepsBy(t.Context(), write, func(*store.Queries) (bool, error) {
			time.Sleep(took)
			left--
			return left > 0, nil
		})
		if got := time.Since(begun); err != nil || got != (2*steps-1)*took {
			t.Errorf("%d steps of %v took %v, %v", steps, took, got, err)
		}
	})
}

// Earlier programs did not overwrite what they deleted or moved; the upgrade
// removes those remains.
func TestAnUpgradeLeavesNoTracesOfWhatWasDeleted(t *testing.T) {
	file := path(t)
	made(t, file, tree(t, 2))
	old := stranger(t, file)
	execute(t, old, "PRAGMA secure_delete = 0")
	for i := range 200 {
		id := strconv.Itoa(i * 7919 % 200) // rows that come in between move others to new pages
		execute(t, old, fmt.Sprintf(`INSERT INTO users (id, email, name, password_hash, password_version, created_at) VALUES ('%s', 'marker-%s-', '', '%s', 1, 1)`,
			id, id, strings.Repeat("h", 60)))
	}
	execute(t, old, "DELETE FROM users")
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}
	if traces(t, file, "marker-") == nil {
		t.Fatal("the test looks in the wrong place")
	}
	s := open(t, file)
	if done, err := s.Erase(t.Context()); !done || err != nil {
		t.Errorf("it is not erased: %v, %v", done, err)
	}
	if found := traces(t, file, "marker-"); found != nil {
		t.Errorf("found in %q", found)
	}
}
