package store_test

import (
	"slices"
	"testing"

	"lychgate/server/store"
)

// noTimes are numeric columns that hold no times although their values are as
// large.
var noTimes = []string{
	"users.password_version", "users.told_seq", "sessions.generation",
	"access_ttls.ttl", "maintenance.id", "maintenance.ahead_for", "maintenance.audit_seq", "maintenance.erasures",
	"schema_compatibility.version", "schema_compatibility.compatible_with",
}

// Every column of times must say what happens when the clock is set back, so
// that a new expiry is not forgotten.
func TestAllTimesAreListed(t *testing.T) {
	file := path(t)
	open(t, file)
	rows, err := stranger(t, file).QueryContext(t.Context(),
		`SELECT sqlite_master.name || '.' || columns.name FROM sqlite_master JOIN pragma_table_info(sqlite_master.name) AS columns
		 WHERE sqlite_master.type = 'table' AND columns.type = 'BIGINT'`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var columns []string
	for rows.Next() {
		var column string
		if err := rows.Scan(&column); err != nil {
			t.Fatal(err)
		}
		columns = append(columns, column)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	listed := append(store.TimeColumns(), noTimes...)
	for _, column := range columns {
		if !slices.Contains(listed, column) {
			t.Errorf("%s is not listed: does it hold times, and how do they change when the clock is set back?", column)
		}
	}
	for _, column := range listed {
		if !slices.Contains(columns, column) {
			t.Errorf("%s is listed but does not exist", column)
		}
	}
	if unique := slices.Compact(slices.Sorted(slices.Values(listed))); len(unique) != len(listed) {
		t.Errorf("columns listed twice: %q", listed)
	}
}
