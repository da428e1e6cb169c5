package cli

import (
	"fmt"
	"time"
)

// untilWhen reads --until: a time, or a day, up to its end in UTC. Nothing is
// without end.
func untilWhen(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	until, err := time.Parse(time.RFC3339, text)
	if err != nil {
		until, err = time.Parse(time.DateOnly, text)
		until = until.AddDate(0, 0, 1)
	}
	until = until.UTC()
	switch {
	case err != nil:
		return time.Time{}, fmt.Errorf("--until %q: it must be a day such as 2026-12-31, or a time such as 2026-12-31T12:00:00Z", text)
	case !until.After(now):
		return time.Time{}, fmt.Errorf("--until %q: it has passed already", text)
	case until.Year() > 9999: // no time in JSON
		return time.Time{}, fmt.Errorf("--until %q: it is too far away; leave it out for a grant without end", text)
	}
	return until, nil
}
