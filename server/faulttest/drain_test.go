//go:build linux

package faulttest

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"lychgate/server/servertest"
)

// A server is told to stop, twice, while people work and sign-ins wait for
// their turn: every accepted request is answered.
func TestDraining(t *testing.T) {
	parallel(t)
	dir := t.TempDir()
	flags := append([]string{"--bcrypt-cost", "12"}, cheap[2:]...)
	for round := range quick(1, 2) {
		p := start(t, dir, flags...)
		c := newClient(p.URL)
		if round == 0 {
			c.register(t, "ada@example.com")
		}
		c.login(t, "ada@example.com")

		var (
			answered, lost, signIns, put atomic.Int64
			all                          sync.WaitGroup
			stopping                     = make(chan struct{})
		)
		// note counts a request; one without a connection was never sent.
		note := func(got answer, err error) bool {
			var noConnection *net.OpError
			switch {
			case errors.As(err, &noConnection) && noConnection.Op == "dial":
				return false
			case err != nil || got.StatusCode >= http.StatusInternalServerError && got.Header.Get("Retry-After") == "":
				t.Errorf("round %d: a request got %v, %v", round, got.Response, err)
				lost.Add(1)
				return false
			}
			answered.Add(1)
			return true
		}
		each := func() *client { // with a connection for each request
			one := &client{url: p.URL, access: c.access, http: &http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}}
			one.http.CheckRedirect = c.http.CheckRedirect
			return one
		}
		for i := range 16 {
			path := []string{"/api/user/profile", "/", "/dashboard", "/api/user/sessions"}[i%4]
			all.Go(func() {
				for note(each().ask(t.Context(), http.MethodGet, path, "")) {
				}
			})
			all.Go(func() {
				for note(each().ask(t.Context(), http.MethodPatch, "/api/user/profile", servertest.Object("name", fmt.Sprint(put.Add(1))))) {
				}
			})
		}
		for range 48 { // many more than have been hashed by the end
			all.Go(func() {
				got, err := each().ask(t.Context(), http.MethodPost, "/api/auth/login", servertest.Object("email", "ada@example.com", "password", password))
				note(got, err)
				if err == nil && got.StatusCode == http.StatusOK {
					signIns.Add(1)
				}
				select {
				case stopping <- struct{}{}: // the first of them is done: the others are on their way
				default:
				}
			})
		}
		select {
		case <-stopping:
		case <-time.After(patience):
			t.Fatal("no sign-in comes to an end")
		}
		go func() {
			select { // a second SIGTERM
			case <-p.ended:
			case <-time.After(500 * time.Millisecond):
				syscall.Kill(p.pid, syscall.SIGTERM) // it may have exited
			}
		}()
		took := p.Stop()
		all.Wait()
		if *full && took > 10*time.Second { // a busy machine may take longer
			t.Errorf("it took %v to stop", took)
		}
		if _, err := os.Stat(p.database() + "-wal"); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the log was not written back (%v)", err)
		}
		wantsIntegrity(t, p.database())
		row(t, fmt.Sprintf("SIGTERM under load, round %d, twice", round+1), "%d requests answered, %d of them sign-ins at cost 12, %d lost; exit 0 after %.1f s, log written back",
			answered.Load(), signIns.Load(), lost.Load(), took.Seconds())
	}
}
