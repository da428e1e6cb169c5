package auth

import (
	"crypto/subtle"
	"encoding/base64"
	"strconv"
	"strings"

	"lychgate/server/secret"
)

// RefreshTokens makes and reads refresh tokens: the session, the generation,
// and a MAC over both under a key that is not in the database. Nothing is
// stored for a token, and the successor of a token is always the same one, so
// that requests that race get the same answer.
type RefreshTokens struct {
	mac func(text string) []byte
}

// NewRefreshTokens returns the refresh tokens of an installation.
func NewRefreshTokens(root secret.Root) RefreshTokens {
	return RefreshTokens{mac: root.MAC("refresh token")}
}

func (t RefreshTokens) mint(sessionID string, generation int64) string {
	body := sessionID + "." + strconv.FormatInt(generation, 10)
	return body + "." + base64.RawURLEncoding.EncodeToString(t.mac(body))
}

// read returns what a token says, and whether it is one of ours. A token has
// one spelling: what is read must be minted to the same text again.
func (t RefreshTokens) read(token string) (presented, bool) {
	if len(token) > maxTokenLength {
		return presented{}, false
	}
	sessionID, rest, _ := strings.Cut(token, ".")
	number, _, _ := strings.Cut(rest, ".")
	generation, err := strconv.ParseInt(number, 10, 64)
	if err != nil || subtle.ConstantTimeCompare([]byte(t.mint(sessionID, generation)), []byte(token)) != 1 {
		return presented{}, false
	}
	return presented{sessionID, generation}, true
}
