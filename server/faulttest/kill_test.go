//go:build linux

package faulttest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"lychgate/server/servertest"
)

// person works on through repeated crashes and knows what the server has
// acknowledged.
type person struct {
	*client
	email    string
	name     fact
	password fact
	accounts []string // that this person has made
	revoked  []string // refresh tokens of revoked sessions
	step     int
}

// fact is an acknowledged value, and a requested one that was not acknowledged:
// after a crash either is correct.
type fact struct{ kept, asked string }

func (f *fact) set(acknowledged bool) {
	if acknowledged {
		f.kept = f.asked
	}
}

func (f *fact) allows(value string) bool { return value == f.kept || value == f.asked }

// write does the next of the mixed writes. It reports whether the server
// acknowledged it, and an error for a wrong answer.
func (p *person) write(ctx context.Context) (bool, error) {
	p.step++
	id := fmt.Sprintf("%d-%s", p.step, p.email)
	switch p.step % 6 {
	case 0:
		return p.did(ctx, http.StatusCreated, http.MethodPost, "/api/auth/register", servertest.Object("email", id, "password", password),
			func(answer) error { p.accounts = append(p.accounts, id); return nil })
	case 1:
		p.name.asked = id
		ok, err := p.did(ctx, http.StatusOK, http.MethodPatch, "/api/user/profile", servertest.Object("name", id), nil)
		p.name.set(ok)
		return ok, err
	case 2, 3:
		return p.did(ctx, http.StatusOK, http.MethodPost, "/api/auth/refresh", servertest.Object("refreshToken", p.refresh), p.take)
	case 4:
		p.password.asked = id
		ok, err := p.did(ctx, http.StatusNoContent, http.MethodPost, "/api/user/password", servertest.Object("currentPassword", p.password.kept, "newPassword", id), nil)
		p.password.set(ok)
		return ok, err
	default:
		return p.signInAndOut(ctx)
	}
}

// signInAndOut starts a second session and revokes it.
func (p *person) signInAndOut(ctx context.Context) (bool, error) {
	second := &client{url: p.url, http: p.http}
	ok, err := second.did(ctx, http.StatusOK, http.MethodPost, "/api/auth/login",
		servertest.Object("email", p.email, "password", p.password.kept, "tokenDelivery", "body"), second.take)
	if !ok || err != nil {
		return ok, err
	}
	return second.did(ctx, http.StatusNoContent, http.MethodPost, "/api/auth/logout", "",
		func(answer) error { p.revoked = append(p.revoked, second.refresh); return nil })
}

// errBusy is wrapped if the server asked to try again later.
var errBusy = errors.New("the server is busy")

// did sends a request, and calls keep if the answer has the expected status.
// Without an answer the result is unknown; any other answer is an error.
func (c *client) did(ctx context.Context, status int, method, path, body string, keep func(answer) error) (bool, error) {
	got, err := c.ask(ctx, method, path, body)
	switch {
	case err != nil:
		return false, nil //nolint:nilerr // without an answer nothing is known
	case got.StatusCode == http.StatusServiceUnavailable && got.Header.Get("Retry-After") != "":
		return false, fmt.Errorf("%s %s: %w", method, path, errBusy)
	case got.StatusCode != status:
		return false, fmt.Errorf("%s %s: status %d: %s", method, path, got.StatusCode, got.body)
	case keep == nil:
		return true, nil
	}
	return true, keep(got)
}

// find checks what is left after a crash.
func (p *person) find(t *testing.T, db *sql.DB) {
	t.Helper()
	// Nobody is signed out: the last received token still works, and the
	// session is the same.
	if ok, err := p.did(t.Context(), http.StatusOK, http.MethodPost, "/api/auth/refresh", servertest.Object("refreshToken", p.refresh), p.take); !ok || err != nil {
		t.Fatalf("%s is signed out (%v)", p.email, err)
	}
	var name string
	if err := db.QueryRowContext(t.Context(), `SELECT name FROM users WHERE email = $1`, p.email).Scan(&name); err != nil || !p.name.allows(name) {
		t.Errorf("%s is called %q (%v), want %q or %q", p.email, name, err, p.name.kept, p.name.asked)
	}
	p.name = fact{name, name}
	for _, email := range p.accounts {
		var found bool
		if err := db.QueryRowContext(t.Context(), `SELECT EXISTS (SELECT 1 FROM users WHERE email = $1)`, email).Scan(&found); err != nil || !found {
			t.Errorf("the account %s is lost (%v)", email, err)
		}
	}
	for _, token := range p.revoked {
		if ok, err := p.did(t.Context(), http.StatusUnauthorized, http.MethodPost, "/api/auth/refresh", servertest.Object("refreshToken", token), nil); !ok || err != nil {
			t.Errorf("a session that %s had ended goes on (%v)", p.email, err)
		}
	}
	p.accounts, p.revoked = nil, nil
	p.findPassword(t)
}

// findPassword signs in with the current password, and out again.
func (p *person) findPassword(t *testing.T) {
	t.Helper()
	for _, word := range slices.Compact([]string{p.password.asked, p.password.kept}) {
		second := &client{url: p.url, http: p.http}
		got, err := second.ask(t.Context(), http.MethodPost, "/api/auth/login", servertest.Object("email", p.email, "password", word, "tokenDelivery", "body"))
		if err != nil {
			t.Fatal(err)
		}
		if got.StatusCode == http.StatusOK {
			p.password = fact{word, word}
			return
		}
	}
	t.Fatalf("the password of %s is neither %q nor %q", p.email, p.password.asked, p.password.kept)
}

// The process is killed during mixed writes, again and again: nothing
// acknowledged is lost, and nobody is signed out.
func TestKill(t *testing.T) {
	parallel(t)
	const people = 8
	rounds := quick(3, 100)
	random := rand.New(rand.NewPCG(6, 26))
	dir := t.TempDir()
	p := start(t, dir, cheap...)
	var list []*person
	for i := range people {
		one := &person{client: newClient(p.URL), email: fmt.Sprintf("p%d@example.com", i), name: fact{}, password: fact{password, password}}
		one.register(t, one.email)
		one.login(t, one.email)
		list = append(list, one)
	}
	acknowledged, slowest := 0, time.Duration(0)
	for range rounds {
		acknowledged += killWhileWriting(t, p, list, 1+random.IntN(60))
		p = start(t, dir, cheap...)
		slowest = max(slowest, p.started)
		wantsIntegrity(t, p.database())
		db := open(t, p.database())
		for _, one := range list {
			one.url = p.URL
			one.find(t, db)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if acknowledged < rounds {
		t.Errorf("%d writes were acknowledged in %d rounds: there was no load", acknowledged, rounds)
	}
	row(t, fmt.Sprintf("kill -9 in the middle of mixed writes, %d rounds", rounds),
		"%d acknowledged, none lost, nobody signed out; integrity ok; ready again within %s", acknowledged, ms(slowest))
}

// killWhileWriting lets everybody write until enough writes are acknowledged,
// kills the process, and returns the final number.
func killWhileWriting(t *testing.T, p *program, list []*person, enough int) int {
	t.Helper()
	var (
		acknowledged atomic.Int64
		all          sync.WaitGroup
	)
	reached := make(chan struct{})
	var once sync.Once
	for _, one := range list {
		all.Go(func() {
			for {
				ok, err := one.write(t.Context())
				if err != nil {
					t.Error(err)
				}
				if !ok {
					return
				}
				if acknowledged.Add(1) >= int64(enough) {
					once.Do(func() { close(reached) })
				}
			}
		})
	}
	select {
	case <-reached:
	case <-time.After(patience):
		t.Error("the writes come to a halt")
	}
	p.Kill()
	all.Wait()
	return int(acknowledged.Load())
}

// open opens the server's database.
func open(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// wantsIntegrity fails the test if the database is damaged.
func wantsIntegrity(t *testing.T, path string) {
	t.Helper()
	db := open(t, path)
	defer db.Close()
	var verdict string
	if err := db.QueryRowContext(t.Context(), `PRAGMA integrity_check`).Scan(&verdict); err != nil || verdict != "ok" {
		t.Errorf("integrity_check: %s (%v)", verdict, err)
	}
}
