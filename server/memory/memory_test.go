package memory_test

import (
	"errors"
	"testing"

	"lychgate/server/memory"
)

func TestRows(t *testing.T) {
	rows := memory.NewRows[string](2)
	// get wants a value, read anew or not.
	get := func(id string, anew bool) {
		t.Helper()
		read := false
		got, err := rows.Get(id, func() (string, error) {
			read = true
			return "row of " + id, nil
		})
		if got != "row of "+id || err != nil || read != anew {
			t.Errorf("%s: %q, %v, read %v, want %v", id, got, err, read, anew)
		}
	}
	fails := errors.New("out of order")
	if _, err := rows.Get("ada", func() (string, error) { return "", fails }); !errors.Is(err, fails) {
		t.Errorf("error %v, want that of the read", err)
	}
	get("ada", true)
	get("grace", true)
	get("ada", false)
	rows.Drop("grace", "nobody")
	get("ada", false)
	get("grace", true)
	rows.Drop()
	get("ada", true)
}

// What was read before a change must not stay in memory after it.
func TestReadDuringADrop(t *testing.T) {
	for name, dropped := range map[string][]string{"this one": {"ada"}, "another": {"grace"}, "all": nil} {
		rows := memory.NewRows[string](2)
		for _, want := range []string{"old", "new"} {
			got, err := rows.Get("ada", func() (string, error) {
				rows.Drop(dropped...)
				return want, nil
			})
			if err != nil || got != want {
				t.Errorf("%s: %q, %v, want %q", name, got, err, want)
			}
		}
	}
}
