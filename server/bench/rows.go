//go:build linux

package main

// row is a line of the tables: what was measured, and what its figures mean.
type row struct {
	key, what string
	reach     float64 // what the server should reach; 0 for no such aim
	more      bool    // whether more is better
	unit      string  // empty for a ratio
}

// rows are all that can be measured, in the order of the tables.
var rows = []row{
	{key: "page", what: "page, signed in", reach: 1.3},
	{key: "page-brotli", what: "page, signed in, brotli", reach: 1.4},
	{key: "signed-out", what: "page, signed out (303)", reach: 1.4},
	{key: "profile", what: "profile", reach: 1.5},
	{key: "session", what: "session", reach: 1.6},
	{key: "asset", what: "public script", reach: 1.15},
	{key: "asset-brotli", what: "public script, compressed", reach: 1.3},
	{key: "tokens", what: "page, 10,000 access tokens in turn", reach: 1.5},
	{key: "sign-in", what: "sign-ins at cost 12, of bare bcrypt", reach: 0.95, more: true},
	{key: "storm-p99", what: "200 clients sign in: profile p99, of quiet", reach: 2},
	{key: "storm-sign-ins", what: "meanwhile: sign-ins, of bare bcrypt", reach: 0.9, more: true},
	{key: "memory-idle", what: "memory, idle", reach: 20, unit: "MB"},
	{key: "memory-loaded", what: "memory, after load", reach: 30, unit: "MB"},
	{key: "start", what: "start to the first answer, of the limit's", reach: 3},
	{key: "large-profile", what: "profile with 1,000,000 accounts, of 1,000", reach: 1.1},
	{key: "large-start", what: "start with 1,000,000 accounts", reach: 1, unit: "s"},
}

// loaded are the rows measured under load against the limit, all in the same
// way.
var loaded = []string{"page", "page-brotli", "signed-out", "profile", "session", "asset", "asset-brotli", "tokens"}

// rowOf returns the row of a key.
func rowOf(key string) (row, bool) {
	for _, r := range rows {
		if r.key == key {
			return r, true
		}
	}
	return row{}, false
}
