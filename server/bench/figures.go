//go:build linux

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"runtime"
	"slices"
	"strings"
)

// figure is the result of a row for one server: the median of the rounds, and
// the quartiles as their spread.
type figure struct {
	Median float64 `json:"median"`
	Low    float64 `json:"low"`
	High   float64 `json:"high"`
	// Of rows under load, the medians of what only this machine gives.
	Load *scale `json:"load,omitempty"`
}

// scale is what a server did in a second, and how long its answers took.
type scale struct {
	CPU       float64 `json:"cpuMicrosPerRequest"`
	PerSecond float64 `json:"requestsPerSecond"`
	P50       float64 `json:"p50Micros"`
	P99       float64 `json:"p99Micros"`
}

// figureOf returns the figure of some rounds.
func figureOf(rounds []float64) figure {
	return figure{Median: quantile(rounds, 0.5), Low: quantile(rounds, 0.25), High: quantile(rounds, 0.75)}
}

// quantile interpolates between the two nearest values.
func quantile(values []float64, q float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	at := q * float64(len(sorted)-1)
	below := int(at)
	above := min(below+1, len(sorted)-1)
	return sorted[below] + (at-float64(below))*(sorted[above]-sorted[below])
}

// results are the figures of a run, by row and server.
type results struct {
	Machine machine                      `json:"machine"`
	Rows    map[string]map[string]figure `json:"rows"`
}

// machine is all that is said about where the figures come from.
type machine struct {
	Cores int    `json:"cores"`
	CPU   string `json:"cpu"`
}

func newResults() results {
	return results{Machine: thisMachine(), Rows: make(map[string]map[string]figure)}
}

func (r results) add(key, server string, f figure) {
	if r.Rows[key] == nil {
		r.Rows[key] = make(map[string]figure)
	}
	r.Rows[key][server] = f
}

// with returns the results with newer ones in the place of older ones.
func (r results) with(newer results) results {
	merged := results{Machine: newer.Machine, Rows: make(map[string]map[string]figure)}
	for _, from := range []results{r, newer} {
		for key, servers := range from.Rows {
			for server, f := range servers {
				merged.add(key, server, f)
			}
		}
	}
	return merged
}

// readResults returns no results if there is no such file.
func readResults(file string) (results, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return results{}, nil
	}
	if err != nil {
		return results{}, err
	}
	var r results
	if err := json.Unmarshal(text, &r); err != nil {
		return results{}, fmt.Errorf("%s: %w", file, err)
	}
	return r, nil
}

func (r results) save(file string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o644) //nolint:gosec // figures are for everybody
}

// servers returns which of some servers have figures.
func (r results) servers(among ...string) (names []string) {
	for _, name := range among {
		if slices.ContainsFunc(slices.Collect(maps.Values(r.Rows)), func(servers map[string]figure) bool {
			_, measured := servers[name]
			return measured
		}) {
			names = append(names, name)
		}
	}
	return names
}

func thisMachine() machine {
	m := machine{Cores: runtime.NumCPU(), CPU: "an unknown CPU"}
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return m
	}
	for line := range strings.Lines(string(text)) {
		if name, value, found := strings.Cut(line, ":"); found && strings.TrimSpace(name) == "model name" {
			m.CPU = strings.TrimSpace(value)
			break
		}
	}
	return m
}
