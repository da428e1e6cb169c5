package server

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
	for i, r := range new(Server).routes(features{}) {
		list = append(list, Route{Operation: operations[i], SignedIn: r.who == signedIn, Limited: r.limit != ""})
	}
	return list
}

// OutsideAPI tells the routes that are not below /api.
var OutsideAPI = outsideAPI
