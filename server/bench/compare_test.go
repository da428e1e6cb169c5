//go:build linux

package main

import (
	"strings"
	"testing"
)

func TestCompare(t *testing.T) {
	committed := newResults()
	committed.add("page", ours, figure{Median: 2, Low: 1.9, High: 2.1})
	committed.add("page", limit, figure{Median: 1, Low: 1, High: 1})
	committed.add("sign-in", ours, figure{Median: 0.97, Low: 0.96, High: 0.98})
	for name, test := range map[string]struct {
		row, server string
		now         figure
		worse       bool
	}{
		"the same":                 {"page", ours, figure{2, 1.9, 2.1, nil}, false},
		"a little more":            {"page", ours, figure{2.15, 2.05, 2.2, nil}, false},
		"much more":                {"page", ours, figure{2.2, 2.11, 2.3, nil}, true},
		"much less":                {"page", ours, figure{1.2, 1.1, 1.3, nil}, false},
		"more, where more is good": {"sign-in", ours, figure{0.99, 0.985, 1, nil}, false},
		"less, where more is good": {"sign-in", ours, figure{0.9, 0.89, 0.95, nil}, true},
		"another server":           {"page", limit, figure{2, 2, 2, nil}, false},
		"a row that is new":        {"profile", ours, figure{9, 9, 9, nil}, false},
	} {
		now := newResults()
		now.add(test.row, test.server, test.now)
		said := strings.Join(compare(committed, now), "\n")
		if strings.Contains(said, "WORSE") != test.worse || strings.Contains(said, "Nothing got worse") == test.worse {
			t.Errorf("%s: %q", name, said)
		}
	}
}

func TestFigureOf(t *testing.T) {
	for _, test := range []struct {
		rounds []float64
		want   figure
	}{
		{[]float64{3, 1, 2, 5, 4}, figure{Median: 3, Low: 2, High: 4}},
		{[]float64{1, 2}, figure{Median: 1.5, Low: 1.25, High: 1.75}},
		{[]float64{7}, figure{Median: 7, Low: 7, High: 7}},
	} {
		if got := figureOf(test.rounds); got != test.want {
			t.Errorf("%v: got %+v, want %+v", test.rounds, got, test.want)
		}
	}
}
