package cli

import (
	"strings"
	"testing"
	"time"
)

func TestUntilWhen(t *testing.T) {
	now := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	for _, test := range []struct{ text, want, fault string }{
		{"2026-12-31", "2027-01-01T00:00:00Z", ""},
		{"2026-07-01", "2026-07-02T00:00:00Z", ""}, // today is not over
		{"2028-02-29", "2028-03-01T00:00:00Z", ""},
		{"2026-12-31T12:00:00Z", "2026-12-31T12:00:00Z", ""},
		{"2026-12-31T23:30:00-01:00", "2027-01-01T00:30:00Z", ""},
		{"2026-07-01T12:00:01Z", "2026-07-01T12:00:01Z", ""},
		{"9999-12-30", "9999-12-31T00:00:00Z", ""},

		{"2026-06-30", "", "has passed already"},
		{"2026-07-01T12:00:00Z", "", "has passed already"},
		{"0001-01-01", "", "has passed already"},
		{"9999-12-31", "", "too far away"},
		{"9999-12-31T23:30:00-01:00", "", "too far away"},

		{"tomorrow", "", "must be a day"},
		{"24h", "", "must be a day"},
		{"2026-13-01", "", "must be a day"},
		{"2027-02-29", "", "must be a day"},
		{"2026-12-31T12:00", "", "must be a day"},
		{"2026-12-31 12:00:00Z", "", "must be a day"},
		{"31.12.2026", "", "must be a day"},
		{" ", "", "must be a day"},
	} {
		got, err := untilWhen(test.text, now)
		if test.fault != "" {
			if err == nil || !strings.HasPrefix(err.Error(), "--until \""+test.text+"\": ") || !strings.Contains(err.Error(), test.fault) {
				t.Errorf("%q: %v, %v, want a fault that says %q", test.text, got, err, test.fault)
			}
			continue
		}
		if err != nil || got.Format(time.RFC3339) != test.want {
			t.Errorf("%q: %v, %v, want %s", test.text, got, err, test.want)
		}
	}
	if got, err := untilWhen("", now); err != nil || !got.IsZero() {
		t.Errorf("nothing: %v, %v", got, err)
	}
}
