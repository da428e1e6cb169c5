package server

import "lychgate/server/access"

// Route is a line of the table, for the test of the contract.
type Route struct {
	Operation string // as Operations writes it
	SignedIn  bool
	Limited   bool
}

// Routes returns the table.
func Routes() []Route {
	var list []Route
	operations := Operations()
	for i, r := range routes(features{}) {
		list = append(list, Route{Operation: operations[i], SignedIn: r.need != access.Public, Limited: r.limit != unlimited})
	}
	return list
}

// OutsideAPI tells the routes that are not below /api.
var OutsideAPI = outsideAPI
