// Package access decides who may access what. A page, file or route states
// its need; the caller is a subject, or nobody. Policy.Check is the only
// decision, shared by the guard and the table of routes:
//
//	need         met by                             nobody           a subject that does not meet it
//	public       everybody                          –                –
//	signed-in    every subject                      unauthenticated  –
//	role:NAME    that role; admin meets role:user   unauthenticated  forbidden
//	plan:NAME    a plan that is or includes NAME    unauthenticated  plan_required
//
// A disabled subject counts as nobody. Needs of pages come from the Rules in
// access.json, plans from plans.json; both are read once, at start. Finding the
// subject and answering a refusal is left to other packages.
package access
