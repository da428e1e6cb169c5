package web

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"
)

// Bearer returns the token of a request's Bearer credentials (RFC 6750, section
// 2.1), and whether it has any. Where it has, they alone count, also when they
// are malformed: then the token is empty. Credentials of other schemes, such as
// those that a proxy asks for, are not ours and are ignored.
func Bearer(header http.Header) (token string, sent bool) {
	for _, credentials := range header.Values(echo.HeaderAuthorization) {
		scheme, rest := cutScheme(credentials)
		if !strings.EqualFold(scheme, "Bearer") {
			continue
		}
		if sent {
			return "", true // nobody can tell which of them counts
		}
		sent = true
		if after, found := strings.CutPrefix(rest, " "); found {
			token = after
		}
	}
	return token, sent
}

// cutScheme splits credentials behind their scheme, which is a token (RFC 9110,
// section 11.4). What follows it decides nothing: "Bearer:" is a malformed
// Bearer, and no other scheme.
func cutScheme(credentials string) (scheme, rest string) {
	end := strings.IndexFunc(credentials, func(r rune) bool { return !isTokenCharacter(r) })
	if end < 0 {
		return credentials, ""
	}
	return credentials[:end], credentials[end:]
}

// isTokenCharacter reports whether a name in a header may hold a character (RFC
// 9110, section 5.6.2).
func isTokenCharacter(r rune) bool {
	return '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || strings.ContainsRune("!#$%&'*+-.^_`|~", r)
}

// FromBrowser reports whether a browser sent a request, as far as its headers
// tell: every current one sends Sec-Fetch-Site, and every one sends Origin with
// a write.
func FromBrowser(header http.Header) bool {
	return len(header.Values("Sec-Fetch-Site")) > 0 || len(header.Values(echo.HeaderOrigin)) > 0
}
