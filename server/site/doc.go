// Package site owns the exported pages: the index from exact URL path to file,
// made once at start, the label that says who may have a file, the guard that
// acts on it, and the headers of what is served (Content-Security-Policy,
// caching, compressed variants). It is given an fs.FS and asks package web who
// is calling; it knows nothing of sessions, and what lies below /api/ is the
// router's.
//
// Access is a property of the file, never of the request path: a path is
// unescaped once and then either is a key of the index or is nothing.
package site
