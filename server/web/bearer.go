package web

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"
)

// Bearer returns the token of a request's Bearer credentials (RFC 6750, section
// 2.1), and whether there are any. If there are, no other credentials count,
// even if these are malformed; the token is then empty. Other schemes, such as
// a proxy's, are ignored.
func Bearer(header http.Header) (token string, sent bool) {
	for _, credentials := range header.Values(echo.HeaderAuthorization) {
		scheme, rest := cutScheme(credentials)
		if !strings.EqualFold(scheme, "Bearer") {
			continue
		}
		if sent {
			return "", true // ambiguous
		}
		sent = true
		if after, found := strings.CutPrefix(rest, " "); found {
			token = after
		}
	}
	return token, sent
}

// cutScheme splits credentials after the scheme, a token (RFC 9110, section
// 11.4), whatever character follows it: "Bearer:" is malformed Bearer, not
// another scheme.
func cutScheme(credentials string) (scheme, rest string) {
	end := strings.IndexFunc(credentials, func(r rune) bool { return !isTokenCharacter(r) })
	if end < 0 {
		return credentials, ""
	}
	return credentials[:end], credentials[end:]
}

// isTokenCharacter reports whether a character is allowed in a token (RFC 9110,
// section 5.6.2).
func isTokenCharacter(r rune) bool {
	return '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || strings.ContainsRune("!#$%&'*+-.^_`|~", r)
}

// IsToken reports whether text is a token.
func IsToken(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool { return !isTokenCharacter(r) })
}

// FromBrowser reports whether the headers look like a browser's: every current
// browser sends Sec-Fetch-Site, and every browser sends Origin with a write.
func FromBrowser(header http.Header) bool {
	return len(header.Values("Sec-Fetch-Site")) > 0 || len(header.Values(echo.HeaderOrigin)) > 0
}
