//go:build linux

package main

import (
	"strings"
	"testing"
)

const wrkOutput = `Running 1s test @ http://127.0.0.1:8080/page
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.55ms    1.02ms  16.56ms   82.45%
    Req/Sec    42.86k     1.32k   45.41k    70.00%
  42702 requests in 1.00s, 53.83MB read
Requests/sec:  42599.20
Transfer/sec:     53.70MB
{"requests":42702,"micros":1002414,"bytes":56444924,"failed":0,"p50":1402,"p99":5013}
`

func TestParseCounts(t *testing.T) {
	got, err := parseCounts([]byte(wrkOutput))
	want := counts{Requests: 42702, Micros: 1002414, Bytes: 56444924, P50: 1402, P99: 5013}
	if err != nil || got != want {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
	before, _, _ := strings.Cut(wrkOutput, "{")
	for _, output := range []string{"", before, before + `{"requests":42702,"mic`} {
		if got, err := parseCounts([]byte(output)); err == nil {
			t.Errorf("got %+v from %q", got, output)
		}
	}
}

func TestCountsAreOfTheWantedAnswer(t *testing.T) {
	const body = 20_000
	for name, test := range map[string]struct {
		counts
		wanted bool
	}{
		"all were it":        {counts{Requests: 1000, Bytes: 1000 * (body + 900)}, true},
		"some are cut off":   {counts{Requests: 10, Bytes: 10*(body+900) + connections*body}, true},
		"none":               {counts{}, false},
		"one failed":         {counts{Requests: 1000, Bytes: 1000 * (body + 900), Failed: 1}, false},
		"redirects":          {counts{Requests: 1000, Bytes: 1000 * 900}, false},
		"another page":       {counts{Requests: 1000, Bytes: 1000 * 2 * body}, false},
		"some are redirects": {counts{Requests: 1000, Bytes: 800*(body+900) + 200*900}, false},
	} {
		if err := test.check(body); (err == nil) != test.wanted {
			t.Errorf("%s: %v", name, err)
		}
	}
}
