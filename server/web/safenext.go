package web

import (
	"net/url"
	"strings"
	"unicode/utf8"

	"lychgate/server/access"
)

// ReturnPaths validates where to go after sign-in.
type ReturnPaths struct {
	Login   string // the sign-in page, never a return path
	Default string // used if there is no safe return path
}

// Safe returns raw, the return path with its query, if every reader takes it
// for a page of this origin, and the default otherwise. The result is assembled
// from the validated parts; the input itself is never returned.
//
// The pages have the same rule in frontend/lib/safenext.ts; both are tested on the
// table testdata/next.json.
func (p ReturnPaths) Safe(raw string) string {
	if len(raw) > 2048 || !strings.HasPrefix(raw, "/") || strings.HasPrefix(raw, "//") {
		return p.Default
	}
	for i := range len(raw) {
		if raw[i] <= ' ' || raw[i] >= 0x7f || raw[i] == '\\' || raw[i] == '#' {
			return p.Default
		}
	}
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "" || u.Opaque != "" || u.User != nil || u.Host != "" {
		return p.Default
	}
	escaped := u.EscapedPath()
	if path, _, _ := strings.Cut(raw, "?"); path != escaped || strings.Trim(escaped, pathCharacters) != "" {
		return p.Default
	}
	if !IsPlainPath(escaped, u.Path) || p.leadsNowhere(u.Path) {
		return p.Default
	}
	if u.RawQuery == "" {
		return escaped
	}
	return escaped + "?" + u.RawQuery
}

// pathCharacters are the characters allowed in a path (RFC 3986, section 3.3);
// browsers would rewrite others.
const pathCharacters = "/%-._~!$&'()*+,;=:@0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

// leadsNowhere reports whether path is not a page to return to, or is the
// sign-in page itself.
func (p ReturnPaths) leadsNowhere(path string) bool {
	path = strings.TrimSuffix(path, "/")
	return access.Covers("/api", path) || access.Covers("/_next", path) || access.Covers(p.Login, path) ||
		path == p.Login+".html" || path == p.Login+".txt"
}

// IsPlainPath reports whether all readers interpret a path alike: escaped is
// the path as sent, path the same unescaped once.
func IsPlainPath(escaped, path string) bool {
	return !hasEncodedSlash(escaped) && !hasControl(path) && utf8.ValidString(path) && hasPlainSegments(path)
}

// hasEncodedSlash finds %2f and %5c, which some readers take for a slash and
// others for part of a name.
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

// hasPlainSegments reports whether path is absolute and none of its segments is
// empty, "." or ".."; one trailing slash is allowed.
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
