// Package secret owns what must not leak and how it is kept: the root secret
// of an installation and the keys derived from it, password hashes and the
// rule for new passwords, sealed blobs, and refresh tokens' authenticity. It
// leans on problem; it stores nothing and knows no HTTP.
package secret
