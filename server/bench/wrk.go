//go:build linux

package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"time"
)

const connections = 64

//go:embed wrk.lua
var script []byte

// counts are what wrk counted.
type counts struct {
	Requests int64 `json:"requests"`
	Micros   int64 `json:"micros"` // how long it took
	Bytes    int64 `json:"bytes"`  // of all answers
	Failed   int64 `json:"failed"` // no answer, or a status of 400 and above
	P50      int64 `json:"p50"`    // microseconds
	P99      int64 `json:"p99"`
}

// load is what a server did under load.
type load struct {
	counts
	cpu time.Duration // of the server
}

// perRequest returns the CPU time that a request took, in microseconds.
func (l load) perRequest() float64 {
	return float64(l.cpu) / float64(time.Microsecond) / float64(l.Requests)
}

// work loads a server with one kind of request for some seconds. It returns an
// error if any answer was not the wanted one.
func (b *bench) work(ctx context.Context, s *server, key string, seconds int) (load, error) {
	wanted := s.requests[key]
	answer, err := ask(ctx, s.url, wanted)
	if err != nil {
		return load{}, err
	}
	before, err := s.usage()
	if err != nil {
		return load{}, err
	}
	output, err := b.wrk(ctx, s.url, wanted, seconds)
	if err != nil {
		return load{}, err
	}
	after, err := s.usage()
	if err != nil {
		return load{}, err
	}
	counted, err := parseCounts(output)
	if err == nil {
		err = counted.check(len(answer.Body))
	}
	if err != nil {
		return load{}, fmt.Errorf("%s, %s: %w", s.name, key, err)
	}
	return load{counted, after.cpu - before.cpu}, nil
}

// wrk runs wrk and returns what it prints.
func (b *bench) wrk(ctx context.Context, url string, wanted request, seconds int) ([]byte, error) {
	threads := 1
	if runtime.NumCPU() > 2 {
		threads = 2
	}
	args := []string{"-t", strconv.Itoa(threads), "-c", strconv.Itoa(connections), "-d", strconv.Itoa(seconds), "--timeout", "10", "-s", b.script}
	for _, name := range wanted.names() {
		args = append(args, "-H", name+": "+wanted.header.Get(name))
	}
	cmd := exec.CommandContext(ctx, "wrk", append(args, url+wanted.path)...) //nolint:gosec // its arguments are ours
	if wanted.cookies != "" {
		cmd.Env = append(os.Environ(), "COOKIES="+wanted.cookies)
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	output, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("wrk: %w\n%s%s", err, output, stderr.Bytes())
	}
	return output, nil
}

// parseCounts finds the line of wrk.lua in what wrk prints.
func parseCounts(output []byte) (c counts, err error) {
	for line := range bytes.Lines(output) {
		if bytes.HasPrefix(line, []byte("{")) {
			err := json.Unmarshal(line, &c)
			return c, err
		}
	}
	return c, fmt.Errorf("wrk printed no counts:\n%s", output)
}

// headSize is more than the headers of any answer take.
const headSize = 4096

// check returns an error unless all answers can have been the one whose body
// has this length. wrk tells a page from a redirect by their size alone.
func (c counts) check(body int) error {
	if c.Requests == 0 {
		return errors.New("nothing was answered")
	}
	if c.Failed > 0 {
		return fmt.Errorf("%d of %d requests failed", c.Failed, c.Requests)
	}
	// Each connection can end in an answer that is not complete, and not counted.
	least, most := c.Requests*int64(body), (c.Requests+connections)*int64(body+headSize)
	if c.Bytes < least || c.Bytes > most {
		return fmt.Errorf("%d answers have %d bytes, so they are not all the one of %d bytes and its headers", c.Requests, c.Bytes, body)
	}
	return nil
}
