package site

import (
	"net/url"
	"strings"

	"lychgate/server/access"
	"lychgate/server/site/export"
	"lychgate/server/web"
)

// escapedPath returns the path as the client sent it. An empty path in
// absolute-form is the root (RFC 9110, section 4.2.3).
func escapedPath(u *url.URL) string {
	if path := u.EscapedPath(); path != "" || u.Opaque != "" {
		return path
	}
	return "/"
}

// Resolve finds the file of an escaped path: unescape once, refuse ambiguous
// paths, look up. It cleans nothing and uses nothing but the path.
func (s *Site) Resolve(escaped string) Target {
	address, err := url.PathUnescape(escaped)
	if err != nil {
		return s.nothing(escaped) // net/http has refused it already
	}
	if refused(escaped, address) {
		return s.nothing(address)
	}
	if f := s.addresses[address]; f != nil {
		return Target{Content: f, Needs: f.needs, Build: f.build}
	}
	if page, ok := strings.CutSuffix(address, "/"); ok {
		if f := s.pages[page]; f != nil {
			return Target{Page: page, Needs: f.needs}
		}
	}
	return s.nothing(address)
}

// nothing is the target of an address without a file. Below a rule's path it
// answers like a page there, so that callers who do not meet the need cannot
// tell which pages exist.
func (s *Site) nothing(address string) Target {
	return Target{Needs: []access.Need{export.NeedAt(address, s.rules)}}
}

// refused reports whether a path can name no file because readers could
// interpret it differently: escaped is the path as sent, address the same
// unescaped once.
func refused(escaped, address string) bool {
	return strings.ContainsAny(address, `\;`) || !web.IsPlainPath(escaped, address)
}
