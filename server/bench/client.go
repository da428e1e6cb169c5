//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// request is a kind of request, and its wanted answer.
type request struct {
	path    string
	header  http.Header
	status  int
	cookies string // file of the Cookie headers to send in turn; empty for none
}

// get returns a request that wants status 200, with headers as name and value
// in turn.
func get(path string, header ...string) request {
	r := request{path: path, status: http.StatusOK, header: http.Header{}}
	for pair := range slices.Chunk(header, 2) {
		r.header.Set(pair[0], pair[1])
	}
	return r
}

// names returns the names of the headers in order.
func (r request) names() []string { return slices.Sorted(maps.Keys(r.header)) }

// answer is a complete answer, in the form in which the limit reads it.
type answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// client neither follows redirects nor asks for compression by itself.
var client = newClient()

func newClient() *http.Client {
	return &http.Client{
		Transport:     &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 16},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Timeout:       patience,
	}
}

// ask sends a request, and returns an error unless the answer is the wanted one.
func ask(ctx context.Context, url string, wanted request) (answer, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url+wanted.path, nil) //nolint:gosec // a server on this machine
	if err != nil {
		return answer{}, err
	}
	r.Header = wanted.header.Clone()
	got, err := do(client, r)
	if err == nil && got.Status != wanted.status {
		err = fmt.Errorf("GET %s%s: status %d, want %d\n%s", url, wanted.path, got.Status, wanted.status, got.Body[:min(500, len(got.Body))])
	}
	return got, err
}

// post sends JSON.
func post(ctx context.Context, c *http.Client, url string, body any) (answer, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return answer{}, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(text))
	if err != nil {
		return answer{}, err
	}
	r.Header.Set("Content-Type", "application/json")
	return do(c, r)
}

// want is post that returns an error unless the status is 2xx.
func want(ctx context.Context, url string, body any) (answer, error) {
	got, err := post(ctx, client, url, body)
	if err == nil && got.Status/100 != 2 {
		err = fmt.Errorf("POST %s: status %d\n%s", url, got.Status, got.Body)
	}
	return got, err
}

func do(c *http.Client, r *http.Request) (answer, error) {
	response, err := c.Do(r) //nolint:gosec // as above
	if err != nil {
		return answer{}, err
	}
	body, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, response.Header, body}, errors.Join(err, response.Body.Close())
}

// cookies returns the Cookie header that a browser sends after an answer.
func (a answer) cookies() string {
	var pairs []string
	for _, line := range a.Header.Values("Set-Cookie") {
		pair, _, _ := strings.Cut(line, ";")
		pairs = append(pairs, pair)
	}
	return strings.Join(pairs, "; ")
}

// pause waits, or until ctx is done.
func pause(ctx context.Context, while time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(while):
	}
}

// decode parses the JSON of the body.
func (a answer) decode(into any) error {
	if err := json.Unmarshal(a.Body, into); err != nil {
		return fmt.Errorf("read an answer: %w", err)
	}
	return nil
}
