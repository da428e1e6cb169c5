//go:build linux

package faulttest

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"lychgate/server/servertest"
)

// hold takes the write lock of a database until its input ends.
func hold() error {
	db, err := sql.Open("sqlite", "file:"+os.Args[1]+"?_pragma=busy_timeout(5000)&_txlock=immediate")
	if err != nil {
		return err
	}
	tx, err := db.BeginTx(context.Background(), nil)
	if err != nil {
		return err
	}
	if _, err := fmt.Println("held"); err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return err
	}
	return tx.Rollback()
}

// holdLock makes another process hold the database's write lock until the
// returned function is called.
func holdLock(t *testing.T, path string) (release func()) {
	t.Helper()
	cmd := as("hold", path)
	input, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := output.Read(make([]byte, 1)); err != nil {
		t.Fatalf("the lock is not held: %v", err)
	}
	return func() {
		t.Helper()
		if err := input.Close(); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Wait(); err != nil {
			t.Fatal(err)
		}
	}
}

// Another process holds the database's write lock. For a short time, writes are
// slower; for too long, they are refused while everything else works.
func TestLock(t *testing.T) {
	parallel(t)
	for _, test := range []struct {
		held    time.Duration
		refuses bool
	}{{quick(time.Second, 3*time.Second), false}, {quick(8*time.Second, 30*time.Second), true}} {
		t.Run(test.held.String(), func(t *testing.T) {
			parallel(t)
			p := start(t, t.TempDir(), cheap...)
			c := p.signIn(t)
			release := holdLock(t, p.database())

			var (
				reads, pages      watched
				slowest           latencies
				accepted, refused atomic.Int64
			)
			write := func(ctx context.Context) {
				for ctx.Err() == nil {
					got, err := c.ask(t.Context(), http.MethodPatch, "/api/user/profile", servertest.Object("name", "x"))
					switch {
					case err != nil:
						t.Error(err)
					case got.StatusCode == http.StatusOK:
						accepted.Add(1)
					case test.refuses && got.StatusCode == http.StatusServiceUnavailable && got.Header.Get("Retry-After") != "":
						refused.Add(1)
					default:
						t.Errorf("status %d: %s", got.StatusCode, got.body)
					}
					slowest.add(got.took)
				}
			}
			time.AfterFunc(test.held, release)
			during(t, test.held, write, write, write, write,
				func(ctx context.Context) { reads.work(ctx, c, "/api/user/profile", 50) },
				func(ctx context.Context) { pages.work(ctx, c, "/", 50) },
			)
			c.wants(t, http.StatusOK, http.MethodPatch, "/api/user/profile", servertest.Object("name", "after"))
			if accepted.Load() == 0 || test.refuses == (refused.Load() == 0) {
				t.Errorf("%d accepted, %d refused", accepted.Load(), refused.Load())
			}
			if reads.failed.Load()+pages.failed.Load() > 0 || reads.count() == 0 {
				t.Errorf("of %d reads %d failed, and %d pages", reads.count(), reads.failed.Load(), pages.failed.Load())
			}
			row(t, "write lock held by another process for "+test.held.String(),
				"4 writers: %d accepted after the lock, %d told 503 with Retry-After, the slowest answer after %s; %d reads, none failed, p99 %s",
				accepted.Load(), refused.Load(), ms(slowest.percentile(1000)), reads.count(), ms(reads.percentile(990)))
		})
	}
}
