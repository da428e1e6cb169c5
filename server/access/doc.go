// Package access decides who may have what. A page, a file or a route states
// its need; whoever asks is a subject, or nobody; Policy.Check is the one
// answer, for the guard and the table of routes alike:
//
//	need         met by                             nobody           a subject that does not meet it
//	public       everybody                          –                –
//	signed-in    every subject                      unauthenticated  –
//	role:NAME    that role; admin meets role:user   unauthenticated  forbidden
//	plan:NAME    a plan that is or includes NAME    unauthenticated  plan_required
//
// A disabled subject counts as nobody. The needs of pages are the Rules of
// access.json, the plans those of plans.json; both are read once, at start.
// Where a subject comes from, and what a refusal looks like, is for others to
// say.
package access
