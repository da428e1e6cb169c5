//go:build linux

package main

import (
	"os"
	"strings"
	"testing"
	"time"
)

func TestParseStat(t *testing.T) {
	const line = "4711 (a name) 1 (x) S 4700 4699 4699 0 -1 4194560 20 30 0 0 150 25 7 3 20 0 9 0 4711 1269366784 100 18446744073709551615 1 1 0\n"
	group, used, err := parseStat([]byte(line))
	want := usage{cpu: 1850 * time.Millisecond, resident: 100 * int64(os.Getpagesize())}
	if err != nil || group != 4699 || used != want {
		t.Errorf("group %d, %+v, %v; want 4699, %+v", group, used, err, want)
	}
	for _, line := range []string{"", "4711", "4711 (a name) S 1 2", strings.Replace(line, " 150 ", " x ", 1)} {
		if group, used, err := parseStat([]byte(line)); err == nil {
			t.Errorf("group %d, %+v from %q", group, used, line)
		}
	}
}
