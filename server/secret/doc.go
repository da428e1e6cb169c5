// Package secret owns the root secret of an installation and what is derived
// from it: sealed blobs and MACs, each under a key of its own. It stores nothing
// but the root, and knows no HTTP.
package secret
