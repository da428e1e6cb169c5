package sitetest

import "testing/fstest"

// Markers in the files of Gated, besides Marker.
const (
	RoleMarker   = "administrators-only-marker"
	PlanMarker   = "subscribers-only-marker"
	EitherMarker = "administrators-or-subscribers-marker"
)

// GatedRules are the rules for Gated, as in access.json.
const GatedRules = `{
	"/dashboard": "signed-in",
	"/dashboard/help": "public",
	"/dashboard/reports": "plan:pro",
	"/admin": "role:admin"
}`

// Gated is Export with pages for a role and for a plan, their own chunks, and
// chunks that both load.
func Gated() fstest.MapFS {
	files := Export()
	add := func(name, content string) { add(files, name, content) }
	page := func(route, title, chunk string) { page(files, route, title, chunk) }
	page("admin", "Accounts "+RoleMarker, "admin.js")
	page("admin/audit", "Audit log "+RoleMarker, "admin.js")
	page("dashboard/reports", "Reports "+PlanMarker, "reports.js")
	page("dashboard/reports/2026", "Reports of 2026 "+PlanMarker, "reports.js")
	page("dashboard/billing", "Billing "+Marker, "settings.js")
	page("dashboard/help", "Help", "about.js")
	add("admin/people.csv", RoleMarker)
	add("dashboard/reports/all.pdf", PlanMarker)

	add("_next/static/chunks/admin.js", `"`+RoleMarker+`";t.l("static/chunks/audit.js");t.l("static/chunks/table.js")`)
	add("_next/static/chunks/audit.js", `"`+RoleMarker+` audit"`)
	add("_next/static/chunks/reports.js", `"`+PlanMarker+`";t.l("static/chunks/revenue.js");t.l("static/chunks/table.js")`)
	add("_next/static/chunks/revenue.js", `"`+PlanMarker+` revenue"`)
	add("_next/static/chunks/table.js", `"`+EitherMarker+`";t.l("static/chunks/table.css");t.l("static/chunks/about.js")`)
	add("_next/static/chunks/table.css", `/* `+EitherMarker+` */b{background:url(../media/table.svg)}`)
	add("_next/static/media/table.svg", EitherMarker)
	add("_next/data/lychgate/admin.json", `{"`+RoleMarker+`":1}`)
	add("_next/data/lychgate/dashboard/reports.json", `{"`+PlanMarker+`":1}`)
	compress(files)
	return files
}
