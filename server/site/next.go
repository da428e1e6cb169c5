package site

import (
	"net/url"
	"strings"
	"unicode/utf8"
)

// defaultNext is where people go after they have signed in, when they asked
// for nothing that SafeNext lets pass.
const defaultNext = "/dashboard"

// SafeNext returns raw, the path and query to go to after sign-in, if every
// reader takes it for a page of this origin, and "/dashboard" otherwise. What
// it returns is put together from the parts that were looked at; the input
// itself goes nowhere.
//
// The pages keep the same rule in frontend/lib/next.ts; testdata/next.json is
// the table both are tested on.
func SafeNext(raw string) string {
	if len(raw) > 2048 || !strings.HasPrefix(raw, "/") || strings.HasPrefix(raw, "//") {
		return defaultNext
	}
	for i := range len(raw) {
		if raw[i] <= ' ' || raw[i] >= 0x7f || raw[i] == '\\' || raw[i] == '#' {
			return defaultNext
		}
	}
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "" || u.Opaque != "" || u.User != nil || u.Host != "" {
		return defaultNext
	}
	escaped := u.EscapedPath()
	if path, _, _ := strings.Cut(raw, "?"); path != escaped || !isPathText(escaped) {
		return defaultNext
	}
	if hasEncodedSlash(escaped) || hasControl(u.Path) || !utf8.ValidString(u.Path) || !hasPlainSegments(u.Path) {
		return defaultNext
	}
	if isNoDestination(u.Path) {
		return defaultNext
	}
	if u.RawQuery == "" {
		return escaped
	}
	return escaped + "?" + u.RawQuery
}

// isPathText reports whether a path is written in the characters of RFC 3986
// section 3.3 alone; a browser would rewrite any other.
func isPathText(escaped string) bool {
	for i := range len(escaped) {
		if c := escaped[i]; c == '$' || isWordByte(c) {
			continue
		}
		if strings.IndexByte("/%-.~!&'()*+,;=:@", escaped[i]) < 0 {
			return false
		}
	}
	return true
}

// isNoDestination reports whether path is no page to go to after sign-in, or
// the sign-in page itself.
func isNoDestination(path string) bool {
	path = strings.TrimSuffix(path, "/")
	return prefixes{"/api", "/_next"}.below(path) || prefixes{loginPath}.holds(path)
}
