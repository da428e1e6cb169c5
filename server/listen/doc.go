// Package listen owns connections: listeners, TLS from reloaded files, slow
// clients, and draining at shutdown. It knows no routes and imports nothing of
// ours.
package listen
