// Package export reads a static export of Next.js: which file is what, who may
// have it, how it is compressed and cached, and which Content-Security-Policy
// goes with it. It knows the layout that Next.js gives an export and the text
// that its bundlers write; addresses, answers and callers are left to package
// site.
//
// Access is a property of the file. A page and its payloads have the need of
// the page. A file of the build is for whoever meets the need of at least one
// page that reaches it, and for signed-in people where none does: the closure
// of each need is searched on its own, so that code behind one need is not
// served to another.
package export
