//go:build linux

package faulttest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"lychgate/server/servertest"
)

const password = servertest.Password

// client is a signed-in program or browser with its own connections.
type client struct {
	url  string
	http *http.Client
	// Its current tokens.
	access, refresh string
}

// newClient returns a client of a server.
func newClient(url string) *client {
	return &client{url: url, http: &http.Client{
		Transport:     &http.Transport{MaxIdleConnsPerHost: 4},
		Timeout:       patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// answer is a complete answer.
type answer struct {
	*http.Response
	body []byte
	took time.Duration
}

// ask sends a request of the client, with a JSON body unless it is empty.
func (c *client) ask(ctx context.Context, method, path, body string) (answer, error) {
	r, err := http.NewRequestWithContext(ctx, method, c.url+path, strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if c.access != "" {
		r.Header.Set("Authorization", "Bearer "+c.access)
	}
	begun := time.Now()
	response, err := c.http.Do(r)
	if err != nil {
		return answer{}, err
	}
	read, err := io.ReadAll(response.Body)
	if err := errors.Join(err, response.Body.Close()); err != nil {
		return answer{}, err
	}
	return answer{response, read, time.Since(begun)}, nil
}

// register creates an account.
func (c *client) register(t testing.TB, email string) {
	t.Helper()
	c.wants(t, http.StatusCreated, http.MethodPost, "/api/auth/register", servertest.Object("email", email, "password", password))
}

// login signs in as programs do, with tokens in the body.
func (c *client) login(t testing.TB, email string) {
	t.Helper()
	got := c.wants(t, http.StatusOK, http.MethodPost, "/api/auth/login", servertest.Object("email", email, "password", password, "tokenDelivery", "body"))
	if err := c.take(got); err != nil {
		t.Fatal(err)
	}
}

// take keeps the tokens of an answer.
func (c *client) take(got answer) error {
	var tokens struct{ AccessToken, RefreshToken string }
	if err := json.Unmarshal(got.body, &tokens); err != nil {
		return fmt.Errorf("read tokens: %w", err)
	}
	c.access, c.refresh = tokens.AccessToken, tokens.RefreshToken
	return nil
}

// wants sends a request and fails the test unless the answer has this status.
func (c *client) wants(t testing.TB, status int, method, path, body string) answer {
	t.Helper()
	got, err := c.ask(t.Context(), method, path, body)
	if err != nil {
		t.Fatal(err)
	}
	if got.StatusCode != status {
		t.Fatalf("%s %s: status %d, want %d\n%s", method, path, got.StatusCode, status, got.body)
	}
	return got
}

// signIn returns a client signed in to a new account.
func (p *program) signIn(t testing.TB) *client {
	t.Helper()
	c := newClient(p.URL)
	c.register(t, "ada@example.com")
	c.login(t, "ada@example.com")
	return c
}
