package memory_test

import (
	"errors"
	"testing"

	"lychgate/server/memory"
)

func reads(value string, err error) func() (string, error) {
	return func() (string, error) { return value, err }
}

func TestRows(t *testing.T) {
	rows := memory.NewRows[string](2)
	wants := func(id, want string) {
		t.Helper()
		if got, found := rows.Known(id); got != want || found != (want != "") {
			t.Errorf("%s: %q (%v), want %q", id, got, found, want)
		}
	}
	fails := errors.New("out of order")
	if _, err := rows.Read("ada", reads("", fails)); !errors.Is(err, fails) {
		t.Errorf("error %v, want that of the read", err)
	}
	wants("ada", "")
	for _, id := range []string{"ada", "grace"} {
		if got, err := rows.Read(id, reads("row of "+id, nil)); err != nil || got != "row of "+id {
			t.Errorf("%s: %q, %v", id, got, err)
		}
	}
	wants("ada", "row of ada")
	rows.Drop("grace", "nobody")
	wants("ada", "row of ada")
	wants("grace", "")
	rows.Drop()
	wants("ada", "")
}

// What was read before a change must not stay in memory after it.
func TestReadDuringADrop(t *testing.T) {
	for name, dropped := range map[string][]string{"this one": {"ada"}, "another": {"grace"}, "all": nil} {
		rows := memory.NewRows[string](2)
		got, err := rows.Read("ada", func() (string, error) {
			rows.Drop(dropped...)
			return "old", nil
		})
		if err != nil || got != "old" {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		if _, found := rows.Known("ada"); found {
			t.Errorf("%s: what was read before is kept", name)
		}
	}
}
