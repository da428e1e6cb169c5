package site

import (
	"net/url"
	"strings"

	"lychgate/server/access"
	"lychgate/server/site/export"
)

// escapedPath returns the path as the client sent it. The empty path of an
// absolute-form target is the root (RFC 9110 section 4.2.3).
func escapedPath(u *url.URL) string {
	if path := u.EscapedPath(); path != "" || u.Opaque != "" {
		return path
	}
	return "/"
}

// Resolve finds the file of an escaped path: unescape once, refuse what two
// readers could read in two ways, look up. Nothing is cleaned and nothing but
// the path is looked at.
func (s *Site) Resolve(escaped string) Target {
	address, err := url.PathUnescape(escaped)
	if err != nil {
		return s.nothing(escaped) // net/http has refused it before
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

// nothing is the target of an address without file. Below the path of a rule it
// answers like a page there, so that nobody who does not meet the need can tell
// which pages there are.
func (s *Site) nothing(address string) Target {
	return Target{Needs: []access.Need{export.NeedAt(address, s.rules)}}
}

// refused reports whether a path can name no file because not everybody would
// read it as the same: escaped is the path as it came, address the same
// unescaped once.
func refused(escaped, address string) bool {
	return strings.ContainsAny(address, `\;`) || !isPlainPath(escaped, address)
}
