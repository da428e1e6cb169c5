package token

import (
	"crypto/subtle"
	"encoding/base64"
	"strconv"
	"strings"

	"lychgate/server/secret"
)

// Refresh issues and reads refresh tokens: a session, a generation, and a MAC
// over both under a key outside the database. No token is stored, and the
// successor of a token is always the same, so that racing requests get the same
// answer.
type Refresh struct {
	MAC func(text string) []byte
}

// NewRefresh returns the refresh tokens of an installation.
func NewRefresh(root secret.Root) Refresh { return Refresh{MAC: root.MAC("refresh token")} }

// Mint returns the refresh token of a generation of a session.
func (t Refresh) Mint(sessionID string, generation int64) string {
	body := sessionID + "." + strconv.FormatInt(generation, 10)
	return body + "." + base64.RawURLEncoding.EncodeToString(t.MAC(body))
}

// Read returns the content of a token, and whether we issued it. A token has
// one spelling: minting its content again must give the same text.
func (t Refresh) Read(token string) (Presented, bool) {
	if len(token) > maxLength {
		return Presented{}, false
	}
	sessionID, rest, _ := strings.Cut(token, ".")
	number, _, _ := strings.Cut(rest, ".")
	generation, err := strconv.ParseInt(number, 10, 64)
	if err != nil || subtle.ConstantTimeCompare([]byte(t.Mint(sessionID, generation)), []byte(token)) != 1 {
		return Presented{}, false
	}
	return Presented{sessionID, generation}, true
}

// Presented is the content of a valid refresh token.
type Presented struct {
	SessionID  string
	Generation int64
}
