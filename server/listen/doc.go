// Package listen owns how connections come in and go: listeners, TLS from files
// that are read again when they change, slow clients, and draining at the end. It
// knows no routes and leans on nothing of ours.
package listen
