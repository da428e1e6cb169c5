package token

import (
	"crypto/subtle"
	"encoding/base64"
	"strconv"
	"strings"

	"lychgate/server/secret"
)

// Refresh makes and reads refresh tokens: the session, the generation,
// and a MAC over both under a key that is not in the database. Nothing is
// stored for a token, and the successor of a token is always the same one, so
// that requests that race get the same answer.
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

// Read returns what a token says, and whether it is one of ours. A token has
// one spelling: what is read must be minted to the same text again.
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

// Presented is a refresh token that was made here.
type Presented struct {
	SessionID  string
	Generation int64
}
