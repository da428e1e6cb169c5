//go:build linux

package main

import "fmt"

// compare says what of ours got worse than the committed figures by more than
// the spread: three quarters of the rounds now lie beyond three quarters of those
// before.
func compare(committed, now results) (lines []string) {
	if len(committed.Rows) == 0 {
		return []string{"There are no committed figures to compare with."}
	}
	if committed.Machine != now.Machine {
		lines = append(lines, fmt.Sprintf("The committed figures come from another machine (%s), so memory and times may differ.", committed.Machine))
	}
	worse := 0
	for _, r := range rows {
		before, had := committed.Rows[r.key][ours]
		after, has := now.Rows[r.key][ours]
		if had && has && r.isWorse(after, before) {
			worse++
			lines = append(lines, fmt.Sprintf("WORSE: %s: %s; committed: %s", r.what, r.format(after), r.format(before)))
		}
	}
	if worse == 0 {
		lines = append(lines, "Nothing got worse than the committed figures by more than the spread.")
	}
	return lines
}

// isWorse reports whether the spreads do not even touch.
func (r row) isWorse(after, before figure) bool {
	if r.more {
		return after.High < before.Low
	}
	return after.Low > before.High
}
