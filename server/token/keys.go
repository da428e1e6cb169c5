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

// ErrWrongSecret is returned at start when the secret is not the one that the
// database's keys were sealed under.
var ErrWrongSecret = errors.New("the secret does not fit this database: its signing keys were sealed under another one. Put the old secret back (the file secret in the data directory, or LYCHGATE_SECRET)")

// SettleTime passes before a new key signs, so that every process has read it
// by then and can verify what it signs: they read the feed of changes twice in it.
const SettleTime = 800 * time.Millisecond

// longestTTL is more than any access token lives, whatever it is set to.
const longestTTL = 24 * time.Hour

// Keys are the keys that access tokens are signed with (ES256: P-256 and
// SHA-256, RFC 7518, section 3.4). The newest signs; the one before verifies
// until its last token has expired. They follow the store, where any process
// may add a key.
type Keys struct {
	store *store.Store
	root  secret.Root
	ttl   time.Duration // of access tokens
	now   func() time.Time
	list  atomic.Pointer[[]signingKey] // the newest first; never empty

	polling sync.Mutex // so that what was read first does not replace what was read later
	changed atomic.Bool
	polled  time.Time // used by Follow alone
}

type signingKey struct {
	id        string
	private   *ecdsa.PrivateKey
	createdAt time.Time
}

// LoadKeys opens the signing keys in the store, and makes the first one; ttl is
// how long an access token lives. It returns ErrWrongSecret where they cannot
// be opened.
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

// pollEvery is how often the keys are read although nobody has heard of a change:
// a process of the version before the feed of changes tells nobody of its keys.
const pollEvery = 10 * time.Second

// Heard notes that keys have changed; Follow reads them.
func (k *Keys) Heard([]string) { k.changed.Store(true) }

// Follow is Poll for when keys have changed, or may have.
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

// Poll reads which keys there are by now.
func (k *Keys) Poll(ctx context.Context) error {
	k.polling.Lock()
	defer k.polling.Unlock()
	list, err := k.read(ctx)
	if err == nil {
		k.list.Store(&list)
	}
	return err
}

// read returns the stored keys; it opens none that is open already.
func (k *Keys) read(ctx context.Context) ([]signingKey, error) {
	stored, err := k.store.Read().SigningKeys(ctx)
	if err != nil {
		return nil, err
	}
	have := *k.list.Load()
	if len(stored) == 0 {
		return have, nil // none yet, or gone in a way that is no reason to stop
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

// Rotate makes a key that takes over the signing from the newest one, and
// returns its id.
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

// verifying returns the keys that verify now, the newest first.
func (k *Keys) verifying() []signingKey {
	list, now := *k.list.Load(), k.now()
	for i := range len(list) - 1 {
		if !now.Before(k.retiresAt(list[i])) {
			return list[:i+1]
		}
	}
	return list
}

// retiresAt returns when the last token of the key before has expired.
func (k *Keys) retiresAt(successor signingKey) time.Time {
	return successor.createdAt.Add(SettleTime + k.ttl)
}

// all returns the keys that are kept, also those that verify no more: they tell
// whose session a token is of, so that it can be revoked.
func (k *Keys) all() []signingKey { return *k.list.Load() }

// publicKey returns the key of an id, or nil.
func publicKey(keys []signingKey, id string) *ecdsa.PublicKey {
	for _, key := range keys {
		if key.id == id {
			return &key.private.PublicKey
		}
	}
	return nil
}

// KeyInfo tells of a signing key what anybody may know.
type KeyInfo struct {
	ID        string
	CreatedAt time.Time
	SignsFrom time.Time
	Signs     bool
	RetiresAt time.Time // zero for the newest
}

// Infos returns the keys that sign or verify, the newest first.
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

// create makes a key and returns its id: the first one, unless another process
// was faster, or one more, for somebody who asks for it.
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
		// The newest by its time, also after a step back of the clock.
		if len(stored) > 0 && !key.CreatedAt.After(stored[0].CreatedAt) {
			key.CreatedAt = stored[0].CreatedAt.Add(time.Millisecond)
		}
		if err := q.CreateSigningKey(ctx, key); err != nil || by == nil {
			return err
		}
		return audit.Write(ctx, q, k.now(), audit.Line{Event: audit.KeyRotated, By: *by})
	})
}

// Replace makes a key that signs from now on, while none of those before
// verifies any more: as if it had been made long enough ago, and they before
// that.
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

// newKey makes a key, of a time as it is stored: keys are told apart by it.
func newKey(root secret.Root, createdAt time.Time) (store.SigningKey, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return store.SigningKey{}, fmt.Errorf("make a signing key: %w", err)
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
		return nil, fmt.Errorf("signing key %s is not one on P-256", key.ID)
	}
	return ec, nil
}

func sealLabel(id string) string { return "signing key " + id }

// JWKS returns the set of public keys, for other services (RFC 7517).
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

// Sweep removes the keys that no session needs any more, by the time that sweeps
// go by. A key is kept after its successor was made for as long as any session may
// live whose token it has signed, so that the token is good enough to revoke the
// session. A step back of the clock makes keys older than they are (see Replace).
func (k *Keys) Sweep(ctx context.Context, now time.Time, longestSession time.Duration) error {
	keep := longestSession + SettleTime + longestTTL
	return k.store.Write(ctx, func(q *store.Queries) error { return q.DeleteRetiredSigningKeys(ctx, now.Add(-keep)) })
}

// CheckSecret returns ErrWrongSecret where a database's signing keys cannot be
// opened with a secret.
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
