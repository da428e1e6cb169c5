// Package secret owns an installation's root secret and the keys derived from
// it, for sealed blobs and MACs. It stores only the root secret and knows no
// HTTP.
package secret
