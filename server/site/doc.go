// Package site serves the exported pages: the index from exact URL path to file,
// built once at start, the guard that checks whether the caller meets the need of
// a file, and the headers of answers (caching, compressed variants). Package
// export determines the files and their needs; the server passes in the check of
// the caller's access. It knows nothing of sessions, and paths below /api/ are
// left to the router.
//
// Access is a property of the file, never of the request path: a path is
// unescaped once and is then a key of the index or not found.
package site
