// Package site owns the exported pages: the index from exact URL path to file,
// made once at start, the guard that asks whether the caller meets the need of
// a file, and the headers of what is served (caching, compressed variants).
// Package export says what the files are and who may have them; the guard is
// given the one function that knows who is calling. It knows nothing of
// sessions, and what lies below /api/ is the router's.
//
// Access is a property of the file, never of the request path: a path is
// unescaped once and then either is a key of the index or is nothing.
package site
