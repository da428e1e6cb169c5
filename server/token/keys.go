package token

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
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"lychgate/server/audit"
	"lychgate/server/secret"
	"lychgate/server/store"
)

// ErrWrongSecret is returned at start when the database's keys were sealed
// under another secret.
var ErrWrongSecret = errors.New("the secret does not fit this database: its signing keys were sealed under another one. Put the old secret back (the file secret in the data directory, or LYCHGATE_SECRET)")

// SettleTime passes before a new key signs, so that every process can verify
// its tokens by then: each reads the feed of changes twice in this time.
const SettleTime = 800 * time.Millisecond

// longestTTL exceeds any configurable TTL of access tokens.
const longestTTL = 24 * time.Hour

// Keys are the signing keys of access tokens (ES256: P-256 and SHA-256, RFC
// 7518, section 3.4). The newest signs; the previous one verifies until its
// last token has expired. They follow the store, where any process may add a
// key.
type Keys struct {
	store *store.Store
	root  secret.Root
	ttl   time.Duration // of access tokens
	now   func() time.Time
	list  atomic.Pointer[[]signingKey] // newest first; never empty

	polling sync.Mutex // so that an older read does not replace a newer one
	changed atomic.Bool
	polled  time.Time // used by Follow alone
}

type signingKey struct {
	id        string
	private   *ecdsa.PrivateKey
	createdAt time.Time
}

// LoadKeys opens the stored signing keys, creating the first one; ttl is the
// lifetime of access tokens. It returns ErrWrongSecret if they cannot be
// opened.
func LoadKeys(ctx context.Context, s *store.Store, root secret.Root, ttl time.Duration, now func() time.Time) (*Keys, error) {
	keys := &Keys{store: s, root: root, ttl: ttl, now: now}
	keys.list.Store(&[]signingKey{})
	if err := keys.Poll(ctx); err != nil || len(*keys.list.Load()) > 0 {
		return keys, err
	}
	if _, err := keys.create(ctx, nil); err != nil {
		return nil, err
	}
	return keys, keys.Poll(ctx)
}

// pollEvery is how often the keys are read although no change was heard: a process
// of the version before the feed of changes does not announce its keys.
const pollEvery = 10 * time.Second

// Heard notes that keys have changed; Follow reads them.
func (k *Keys) Heard([]string) { k.changed.Store(true) }

// Follow calls Poll if keys have changed, or may have.
func (k *Keys) Follow(ctx context.Context) error {
	if !k.changed.Swap(false) && time.Since(k.polled) < pollEvery {
		return nil
	}
	err := k.Poll(ctx)
	if err != nil {
		k.changed.Store(true)
	} else {
		k.polled = time.Now()
	}
	return err
}

// Poll reads the stored keys.
func (k *Keys) Poll(ctx context.Context) error {
	k.polling.Lock()
	defer k.polling.Unlock()
	list, err := k.read(ctx)
	if err == nil {
		k.list.Store(&list)
	}
	return err
}

// read returns the stored keys, reusing those already open.
func (k *Keys) read(ctx context.Context) ([]signingKey, error) {
	stored, err := k.store.Read().SigningKeys(ctx)
	if err != nil {
		return nil, err
	}
	have := *k.list.Load()
	if len(stored) == 0 {
		return have, nil // none yet, or deleted, which must not stop the server
	}
	same := func(a store.SigningKey, b signingKey) bool { return a.ID == b.id && a.CreatedAt.Equal(b.createdAt) }
	if slices.EqualFunc(stored, have, same) {
		return have, nil
	}
	list := make([]signingKey, 0, len(stored))
	for _, key := range stored {
		private, err := openKey(k.root, key)
		if err != nil {
			return nil, err
		}
		list = append(list, signingKey{key.ID, private, key.CreatedAt})
	}
	return list, nil
}

// Rotate creates a key that replaces the newest as signing key, and returns its
// id.
func (k *Keys) Rotate(ctx context.Context, by audit.By) (string, error) {
	id, err := k.create(ctx, &by)
	if err != nil {
		return "", err
	}
	return id, k.Poll(ctx)
}

// signing returns the key that signs now.
func (k *Keys) signing() signingKey {
	list, now := *k.list.Load(), k.now()
	for _, key := range list {
		if !now.Before(key.createdAt.Add(SettleTime)) {
			return key
		}
	}
	return list[len(list)-1]
}

// verifying returns the keys that verify now, newest first.
func (k *Keys) verifying() []signingKey {
	list, now := *k.list.Load(), k.now()
	for i := range len(list) - 1 {
		if !now.Before(k.retiresAt(list[i])) {
			return list[:i+1]
		}
	}
	return list
}

// retiresAt returns when the last token of the successor's predecessor has
// expired.
func (k *Keys) retiresAt(successor signingKey) time.Time {
	return successor.createdAt.Add(SettleTime + k.ttl)
}

// all returns the kept keys, including those that no longer verify: they
// identify the session of a token that is to be revoked.
func (k *Keys) all() []signingKey { return *k.list.Load() }

// find returns the key with an id, or nil.
func find(keys []signingKey, id string) *signingKey {
	for i := range keys {
		if keys[i].id == id {
			return &keys[i]
		}
	}
	return nil
}

// KeyInfo is the public information about a signing key.
type KeyInfo struct {
	ID        string
	CreatedAt time.Time
	SignsFrom time.Time
	Signs     bool
	RetiresAt time.Time // zero for the newest
}

// Infos returns the keys that sign or verify, newest first.
func (k *Keys) Infos() []KeyInfo {
	signs := k.signing().id
	list := k.verifying()
	infos := make([]KeyInfo, len(list))
	for i, key := range list {
		infos[i] = KeyInfo{ID: key.id, CreatedAt: key.createdAt, SignsFrom: key.createdAt.Add(SettleTime), Signs: key.id == signs}
		if i > 0 {
			infos[i].RetiresAt = k.retiresAt(list[i-1])
		}
	}
	return infos
}

// create creates a key and returns its id. Without by it is the first key, and
// is stored only if no other process was faster.
func (k *Keys) create(ctx context.Context, by *audit.By) (string, error) {
	key, err := newKey(k.root, k.now())
	if err != nil {
		return "", err
	}
	return key.ID, k.store.Write(ctx, func(q *store.Queries) error {
		stored, err := q.SigningKeys(ctx)
		if err != nil || len(stored) > 0 && by == nil {
			return err
		}
		// Keep it the newest, even after a step back of the clock.
		if len(stored) > 0 && !key.CreatedAt.After(stored[0].CreatedAt) {
			key.CreatedAt = stored[0].CreatedAt.Add(time.Millisecond)
		}
		if err := q.CreateSigningKey(ctx, key); err != nil || by == nil {
			return err
		}
		return audit.Write(ctx, q, k.now(), audit.Line{Event: audit.KeyRotated, By: *by})
	})
}

// Replace creates a key that signs from now on, and stops all earlier ones from
// verifying, by dating the new key back and the others before it.
func (k *Keys) Replace(ctx context.Context, q *store.Queries, now time.Time) error {
	key, err := newKey(k.root, now.Add(-SettleTime-longestTTL))
	if err != nil {
		return err
	}
	stored, err := q.SigningKeys(ctx)
	if err != nil {
		return err
	}
	if len(stored) > 0 && !stored[0].CreatedAt.Before(key.CreatedAt) {
		if err := q.SetSigningKeysBack(ctx, stored[0].CreatedAt.Sub(key.CreatedAt)+time.Millisecond); err != nil {
			return err
		}
	}
	return q.CreateSigningKey(ctx, key)
}

// newKey creates a key, with its time truncated as stored: keys are compared by
// it.
func newKey(root secret.Root, createdAt time.Time) (store.SigningKey, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return store.SigningKey{}, fmt.Errorf("create a signing key: %w", err)
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return store.SigningKey{}, fmt.Errorf("encode a signing key: %w", err)
	}
	id, err := thumbprint(&private.PublicKey)
	return store.SigningKey{ID: id, Sealed: root.Seal(sealLabel(id), encoded), CreatedAt: createdAt.Truncate(time.Millisecond)}, err
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
		return nil, fmt.Errorf("signing key %s is not on P-256", key.ID)
	}
	return ec, nil
}

func sealLabel(id string) string { return "signing key " + id }

// JWKS returns the public keys for other services (RFC 7517).
func (k *Keys) JWKS() ([]byte, error) {
	set := keySet{Keys: []jwk{}}
	for _, key := range k.verifying() {
		set.Keys = append(set.Keys, jwk{thumbprinted: coordinates(&key.private.PublicKey), Algorithm: "ES256", Use: "sig", ID: key.id})
	}
	return json.Marshal(set)
}

type keySet struct {
	Keys []jwk `json:"keys"`
}

type jwk struct {
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
		panic(err) // fails only for a key that is not on its curve
	}
	encode := base64.RawURLEncoding.EncodeToString
	return thumbprinted{Curve: "P-256", Type: "EC", X: encode(point[1:33]), Y: encode(point[33:65])}
}

// thumbprint is the id of a key, derived from its content (RFC 7638, section
// 3).
func thumbprint(key *ecdsa.PublicKey) (string, error) {
	canonical, err := json.Marshal(coordinates(key))
	if err != nil {
		return "", fmt.Errorf("name a signing key: %w", err)
	}
	sum := sha256.Sum256(canonical)
	return base64.RawURLEncoding.EncodeToString(sum[:]), nil
}

// Sweep deletes the keys that no session needs any more, by the sweep time. A
// key is kept as long as a session may live after its successor was created, so
// that the session's token can still be used to revoke it. A step back of the
// clock makes keys look older than they are (see Replace).
func (k *Keys) Sweep(ctx context.Context, now time.Time, longestSession time.Duration) error {
	keep := longestSession + SettleTime + longestTTL
	return k.store.Write(ctx, func(q *store.Queries) error { return q.DeleteRetiredSigningKeys(ctx, now.Add(-keep)) })
}

// CheckSecret returns ErrWrongSecret if a database's signing keys cannot be
// opened with the secret.
func CheckSecret(ctx context.Context, q *store.Queries, root secret.Root) error {
	keys, err := q.SigningKeys(ctx)
	if err != nil {
		return err
	}
	for _, key := range keys {
		if _, err := openKey(root, key); err != nil {
			return err
		}
	}
	return nil
}
