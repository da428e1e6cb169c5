package auth

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"lychgate/server/secret"
	"lychgate/server/store"
)

// ErrWrongSecret is returned at start when the secret is not the one that the
// database's keys were sealed under.
var ErrWrongSecret = errors.New("the secret does not fit this database: its signing keys were sealed under another one. Put the old secret back (the file secret in the data directory, or LYCHGATE_SECRET)")

// Keys are the keys that access tokens are signed with (ES256: P-256 and
// SHA-256, RFC 7518, section 3.4).
type Keys struct {
	id      string // of the key that signs
	private *ecdsa.PrivateKey
	public  map[string]*ecdsa.PublicKey // those that verify, by id
	jwks    []byte
}

// LoadKeys opens the signing keys in the store, and makes the first one. It
// returns ErrWrongSecret where they cannot be opened.
func LoadKeys(ctx context.Context, s *store.Store, root secret.Root, now time.Time) (*Keys, error) {
	stored, err := s.Read().SigningKeys(ctx)
	if err != nil {
		return nil, err
	}
	if len(stored) == 0 {
		if stored, err = firstKey(ctx, s, root, now); err != nil {
			return nil, err
		}
	}
	keys := &Keys{public: make(map[string]*ecdsa.PublicKey)}
	set := keySet{Keys: []publicKey{}}
	for _, key := range stored {
		private, err := openKey(root, key)
		if err != nil {
			return nil, err
		}
		if keys.private == nil { // the newest comes first
			keys.id, keys.private = key.ID, private
		}
		keys.public[key.ID] = &private.PublicKey
		set.Keys = append(set.Keys, publicKey{thumbprinted: coordinates(&private.PublicKey), Algorithm: "ES256", Use: "sig", ID: key.ID})
	}
	keys.jwks, err = json.Marshal(set)
	return keys, err
}

// firstKey makes a key unless another process was faster, and returns what is
// then stored.
func firstKey(ctx context.Context, s *store.Store, root secret.Root, now time.Time) (stored []store.SigningKey, err error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make a signing key: %w", err)
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, fmt.Errorf("encode a signing key: %w", err)
	}
	id, err := thumbprint(&private.PublicKey)
	if err != nil {
		return nil, err
	}
	key := store.SigningKey{ID: id, Sealed: root.Seal(sealLabel(id), encoded), CreatedAt: now}
	err = s.Write(ctx, func(q *store.Queries) error {
		if stored, err = q.SigningKeys(ctx); err != nil || len(stored) > 0 {
			return err
		}
		stored = []store.SigningKey{key}
		return q.CreateSigningKey(ctx, key)
	})
	return stored, err
}

func openKey(root secret.Root, key store.SigningKey) (*ecdsa.PrivateKey, error) {
	encoded, err := root.Open(sealLabel(key.ID), key.Sealed)
	if err != nil {
		return nil, ErrWrongSecret
	}
	private, err := x509.ParsePKCS8PrivateKey(encoded)
	if err != nil {
		return nil, fmt.Errorf("read signing key %s: %w", key.ID, err)
	}
	ec, ok := private.(*ecdsa.PrivateKey)
	if !ok || ec.Curve != elliptic.P256() {
		return nil, fmt.Errorf("signing key %s is not one on P-256", key.ID)
	}
	return ec, nil
}

func sealLabel(id string) string { return "signing key " + id }

// JWKS is the set of public keys, for other services (RFC 7517).
func (k *Keys) JWKS() []byte { return k.jwks }

type keySet struct {
	Keys []publicKey `json:"keys"`
}

type publicKey struct {
	thumbprinted
	Algorithm string `json:"alg"`
	Use       string `json:"use"`
	ID        string `json:"kid"`
}

// thumbprinted holds the members that RFC 7638 hashes, in its order.
type thumbprinted struct {
	Curve string `json:"crv"`
	Type  string `json:"kty"`
	X     string `json:"x"`
	Y     string `json:"y"`
}

func coordinates(key *ecdsa.PublicKey) thumbprinted {
	point, err := key.Bytes() // 4, x, y (SEC 1, section 2.3.3)
	if err != nil {
		panic(err) // only a key that is not on its curve fails
	}
	encode := base64.RawURLEncoding.EncodeToString
	return thumbprinted{Curve: "P-256", Type: "EC", X: encode(point[1:33]), Y: encode(point[33:65])}
}

// thumbprint names a key by its content (RFC 7638, section 3).
func thumbprint(key *ecdsa.PublicKey) (string, error) {
	canonical, err := json.Marshal(coordinates(key))
	if err != nil {
		return "", fmt.Errorf("name a signing key: %w", err)
	}
	sum := sha256.Sum256(canonical)
	return base64.RawURLEncoding.EncodeToString(sum[:]), nil
}
