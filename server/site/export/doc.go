// Package export reads a static Next.js export: the kind and needs of each file,
// its compression, caching and Content-Security-Policy. It knows the layout of
// exports and the text that bundlers write; addresses, answers and callers are
// left to package site.
//
// Access is a property of the file. A page and its payloads have the need of
// the page. A build file is for callers who meet the need of at least one
// page that reaches it, and for signed-in people if none does. The closure
// of each need is searched separately, so that code behind one need is not
// served to another.
package export
