package token

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/golang-jwt/jwt/v5"
	lru "github.com/hashicorp/golang-lru/v2"

	"lychgate/server/access"
	"lychgate/server/clock"
	"lychgate/server/problem"
)

const (
	accessType       = "at+jwt" // RFC 9068, section 2.1
	audience         = "lychgate"
	maxLength        = 4096   // characters
	rememberedTokens = 20_000 // of some 700 bytes
	// replicaLeeway is how far the clocks of two replicas may differ.
	replicaLeeway = 30 * time.Second

	// Leeway is how long an access token may outlive its expiry: clocks of
	// replicas differ, and one may be set back without notice.
	Leeway = replicaLeeway + clock.Leeway
)

// errAccessToken refuses a token. Which rule it broke would only help an
// attacker.
var errAccessToken = errors.New("not a valid access token")

// Access issues and verifies access tokens: JWTs (RFC 7519, RFC 9068) signed
// with ES256, and parsed more strictly than the format requires (RFC 8725).
type Access struct {
	keys   *Keys
	issuer string
	ttl    time.Duration
	now    func() time.Time
	parser *jwt.Parser
	// signed checks the signature but not the claims.
	signed *jwt.Parser
	// verified caches what tokens with a verified signature state, by the whole
	// token so that none can pass for another. It is bounded; entries of expired
	// tokens are useless.
	verified *lru.Cache[string, verified]
}

// NewAccess returns the access tokens of an issuer, valid for ttl.
func NewAccess(keys *Keys, issuer string, ttl time.Duration, now func() time.Time) *Access {
	known, err := lru.New[string, verified](rememberedTokens)
	if err != nil {
		panic(err) // only a size below one fails
	}
	return &Access{
		keys: keys, issuer: issuer, ttl: ttl, now: now, verified: known,
		parser: jwt.NewParser(
			jwt.WithValidMethods([]string{jwt.SigningMethodES256.Alg()}),
			jwt.WithExpirationRequired(),
			jwt.WithIssuer(issuer),
			jwt.WithAudience(audience),
			jwt.WithStrictDecoding(),
			jwt.WithTimeFunc(now),
		),
		signed: jwt.NewParser(
			jwt.WithValidMethods([]string{jwt.SigningMethodES256.Alg()}),
			jwt.WithStrictDecoding(),
			jwt.WithoutClaimsValidation(),
		),
	}
}

// verified is what is kept of a token with a good signature; its key may be retired
// by now.
type verified struct {
	identity            access.Identity
	issuedAt, expiresAt int64 // seconds since 1970
	keyID               string
}

// claims are everything an access token contains: no personal data (NIST SP
// 800-63B), and nothing that can change during its lifetime.
type claims struct {
	Issuer    string `json:"iss"`
	Audience  string `json:"aud"`
	ClientID  string `json:"client_id"`
	Subject   string `json:"sub"`
	SessionID string `json:"sid"`
	IssuedAt  int64  `json:"iat"`
	ExpiresAt int64  `json:"exp"`
	ID        string `json:"jti"`
}

// The methods of jwt.Claims.

func (c *claims) GetExpirationTime() (*jwt.NumericDate, error) { return date(c.ExpiresAt), nil }
func (c *claims) GetIssuedAt() (*jwt.NumericDate, error)       { return date(c.IssuedAt), nil }
func (c *claims) GetNotBefore() (*jwt.NumericDate, error)      { return nil, nil }
func (c *claims) GetIssuer() (string, error)                   { return c.Issuer, nil }
func (c *claims) GetSubject() (string, error)                  { return c.Subject, nil }
func (c *claims) GetAudience() (jwt.ClaimStrings, error)       { return jwt.ClaimStrings{c.Audience}, nil }

func date(seconds int64) *jwt.NumericDate { return jwt.NewNumericDate(time.Unix(seconds, 0)) }

// header is everything the header of an access token may contain: a member such
// as jku, jwk, crit or zip makes it invalid (RFC 8725, section 3.10).
type header struct {
	Algorithm string `json:"alg"`
	Type      string `json:"typ"`
	KeyID     string `json:"kid"`
}

// Mint returns an access token of a session and the seconds until it expires,
// never later than the session.
func (a *Access) Mint(identity access.Identity, sessionEnds time.Time) (token string, expiresIn int, err error) {
	now := a.now()
	expires := now.Add(a.ttl)
	if sessionEnds.Before(expires) {
		expires = sessionEnds
	}
	c := &claims{
		Issuer: a.issuer, Audience: audience, ClientID: audience,
		Subject: identity.UserID, SessionID: identity.SessionID,
		IssuedAt: now.Unix(), ExpiresAt: expires.Unix(), ID: rand.Text(),
	}
	unsigned := jwt.NewWithClaims(jwt.SigningMethodES256, c)
	unsigned.Header["typ"] = accessType
	key := a.keys.signing()
	unsigned.Header["kid"] = key.id
	token, err = unsigned.SignedString(key.private)
	return token, int(c.ExpiresAt - c.IssuedAt), err
}

// Verify returns the identity a token states, or problem.ErrUnauthenticated.
// Whether the session has been revoked is left to package session.
func (a *Access) Verify(token string) (access.Identity, error) {
	v, err := a.verify(token)
	if err != nil {
		return access.Identity{}, problem.ErrUnauthenticated
	}
	// A token issued later than any replica's clock allows would live too long.
	// Steps back of our own clock are handled by package clock.
	now := a.now()
	if v.expiresAt <= now.Unix() || v.issuedAt > now.Add(replicaLeeway).Unix() {
		return access.Identity{}, problem.ErrUnauthenticated
	}
	return v.identity, nil
}

// Issued returns what a token states that was signed with any key that is still
// kept, and when it was issued; the zero identity for any other token. This is
// enough to revoke the session or to say what became of it, and for nothing else:
// only the signature is checked, because times, lifetime and issuer depend on the
// settings when it was issued.
func (a *Access) Issued(token string) (identity access.Identity, at time.Time) {
	c, head, err := readAccessToken(token)
	if err != nil {
		return access.Identity{}, time.Time{}
	}
	if _, err := checkSignature(a.signed, token, head, a.keys.all()); err != nil {
		return access.Identity{}, time.Time{}
	}
	return access.Identity{UserID: c.Subject, SessionID: c.SessionID}, time.Unix(c.IssuedAt, 0)
}

// SessionOf returns the session that Issued finds, or the empty string.
func (a *Access) SessionOf(token string) string {
	identity, _ := a.Issued(token)
	return identity.SessionID
}

// ClaimedSession returns the session that a token names without checking its
// signature, or the empty string.
func ClaimedSession(token string) string {
	c, _, err := readAccessToken(token)
	if err != nil {
		return ""
	}
	return c.SessionID
}

// verify checks everything about a token except the passing of time.
func (a *Access) verify(token string) (verified, error) {
	keys := a.keys.verifying()
	if known, found := a.verified.Get(token); found {
		if find(keys, known.keyID) == nil {
			return verified{}, errAccessToken
		}
		return known, nil
	}
	c, head, err := readAccessToken(token)
	if err != nil {
		return verified{}, err
	}
	if life := c.ExpiresAt - c.IssuedAt; life <= 0 || life > int64(a.ttl/time.Second) {
		return verified{}, errAccessToken // not a lifetime this server issues
	}
	key, err := checkSignature(a.parser, token, head, keys)
	if err != nil {
		return verified{}, err
	}
	v := verified{access.Identity{UserID: c.Subject, SessionID: c.SessionID}, c.IssuedAt, c.ExpiresAt, key.id}
	a.verified.Add(token, v)
	return v, nil
}

// checkSignature returns the one of the keys that signed a token, after checking
// that and what the parser requires.
func checkSignature(parser *jwt.Parser, token string, head header, keys []signingKey) (*signingKey, error) {
	key := find(keys, head.KeyID)
	if key == nil {
		return nil, errAccessToken
	}
	// The library parses the claims again, leniently, into a copy. The strict
	// result counts.
	if _, err := parser.ParseWithClaims(token, &claims{}, func(*jwt.Token) (any, error) { return &key.private.PublicKey, nil }); err != nil {
		return nil, errAccessToken
	}
	return key, nil
}

// readAccessToken parses a token strictly: three parts of canonical base64url,
// and objects with only the known members, each once and spelt exactly.
func readAccessToken(token string) (*claims, header, error) {
	var (
		c    claims
		head header
	)
	if len(token) > maxLength {
		return nil, head, errAccessToken
	}
	headPart, rest, found := strings.Cut(token, ".")
	body, signature, alsoFound := strings.Cut(rest, ".")
	if !found || !alsoFound || decodeBase64(signature) == nil ||
		!decodeStrictly(headPart, &head) || !decodeStrictly(body, &c) {
		return nil, head, errAccessToken
	}
	if head.Algorithm != jwt.SigningMethodES256.Alg() || head.Type != accessType {
		return nil, head, errAccessToken
	}
	if c.Audience != audience || c.ClientID != audience || c.Subject == "" || c.SessionID == "" || c.ID == "" {
		return nil, head, errAccessToken
	}
	return &c, head, nil
}

func decodeStrictly(part string, into any) bool {
	plain := decodeBase64(part)
	return plain != nil && json.Unmarshal(plain, into, json.RejectUnknownMembers(true)) == nil
}

// decodeBase64 returns nil unless part is canonical base64url. The decoder
// skips line breaks, so they are refused first.
func decodeBase64(part string) []byte {
	if part == "" || strings.ContainsAny(part, "\r\n") {
		return nil
	}
	plain, err := base64.RawURLEncoding.Strict().DecodeString(part)
	if err != nil {
		return nil
	}
	return plain
}
