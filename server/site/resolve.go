package site

import (
	"net/url"
	"strings"
	"unicode/utf8"
)

// target is what a request path leads to.
type target struct {
	file  *file  // nil where there is nothing
	label label  // of the file, or of the nothing that is there
	page  string // the page that was asked for with a slash behind it
}

// escapedPath returns the path as the client sent it. The empty path of an
// absolute-form target is the root (RFC 9110 section 4.2.3).
func escapedPath(u *url.URL) string {
	if path := u.EscapedPath(); path != "" || u.Opaque != "" {
		return path
	}
	return "/"
}

// resolve finds the file of an escaped path: unescape once, refuse what two
// readers could read in two ways, look up. Nothing is cleaned and nothing but
// the path is looked at.
func (s *Site) resolve(escaped string) target {
	address, err := url.PathUnescape(escaped)
	if err != nil {
		return s.nothing(escaped) // net/http has refused it before
	}
	if refused(escaped, address) {
		return s.nothing(address)
	}
	if f := s.addresses[address]; f != nil {
		return target{file: f, label: f.label}
	}
	if page, ok := strings.CutSuffix(address, "/"); ok {
		if f := s.pages[page]; f != nil {
			return target{page: page, label: f.label}
		}
	}
	return s.nothing(address)
}

// nothing is the target of an address without file. Below a protected prefix
// it answers like a protected page, so that strangers cannot tell which pages
// there are.
func (s *Site) nothing(address string) target {
	if s.protected.holds(address) {
		return target{label: protected}
	}
	return target{label: public}
}

// refused reports whether a path can name no file because not everybody would
// read it as the same: escaped is the path as it came, address the same
// unescaped once.
func refused(escaped, address string) bool {
	return hasEncodedSlash(escaped) ||
		strings.ContainsAny(address, `\;`) ||
		hasControl(address) ||
		!utf8.ValidString(address) ||
		!hasPlainSegments(address)
}

// hasEncodedSlash finds %2f and %5c, a slash to one reader and a character of
// a name to another.
func hasEncodedSlash(escaped string) bool {
	for i := 0; i+2 < len(escaped); i++ {
		if escaped[i] != '%' {
			continue
		}
		switch escaped[i+1 : i+3] {
		case "2f", "2F", "5c", "5C":
			return true
		}
	}
	return false
}

func hasControl(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] == 0x7f {
			return true
		}
	}
	return false
}

// hasPlainSegments reports whether path is absolute and none of its segments
// is empty, "." or ".."; one slash at the end is allowed.
func hasPlainSegments(path string) bool {
	if path == "/" {
		return true
	}
	rest, ok := strings.CutPrefix(strings.TrimSuffix(path, "/"), "/")
	if !ok {
		return false
	}
	for more := true; more; {
		var segment string
		segment, rest, more = strings.Cut(rest, "/")
		if segment == "" || segment == "." || segment == ".." {
			return false
		}
	}
	return true
}
