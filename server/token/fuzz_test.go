package token

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"lychgate/server/access"
	"lychgate/server/secret"
)

// splice replaces cut bytes of a token, so that the fuzzer starts from a good
// one. If it cuts everything, with is the whole token.
func splice(token string, at, cut uint16, with string) string {
	from := min(int(at), len(token))
	to := min(from+int(cut), len(token))
	return token[:from] + with + token[to:]
}

// addSplices adds seeds that other implementations are known to have accepted.
func addSplices(f *testing.F, token string) {
	f.Helper()
	last := uint16(len(token))
	f.Add(uint16(0), uint16(0), "")
	for _, end := range []string{"=", "==", "\n", "\r\n", " ", "\x00", ".", "A", "é", "." + token} {
		f.Add(last, uint16(0), end)
		f.Add(uint16(0), uint16(0), end)
		f.Add(last/2, uint16(0), end)
	}
	for _, whole := range []string{"", ".", "..", "...", strings.Repeat(".", 5000), "null", "undefined", token, strings.ToLower(token), strings.ToUpper(token), token + token} {
		f.Add(uint16(0), last, whole)
	}
	for at := range last {
		f.Add(at, uint16(1), "")
	}
	f.Add(last-1, uint16(1), "A")
	f.Add(last-1, uint16(1), "_")
}

func FuzzAccessToken(f *testing.F) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	now := time.Now()
	keys := &Keys{now: func() time.Time { return now }}
	keys.list.Store(&[]signingKey{{id: "key", private: private}})
	tokens := NewAccess(keys, "http://localhost:8080", time.Hour, func() time.Time { return now })
	who := access.Identity{UserID: "user", SessionID: "session"}
	minted, _, err := tokens.Mint(who, now.Add(time.Hour))
	if err != nil {
		f.Fatal(err)
	}
	addSplices(f, minted)
	for _, head := range []string{`{"alg":"none"}`, `{"alg":"HS256","typ":"at+jwt","kid":"key"}`, `{"alg":"ES256","alg":"ES256","typ":"at+jwt","kid":"key"}`} {
		f.Add(uint16(0), uint16(strings.IndexByte(minted, '.')), base64.RawURLEncoding.EncodeToString([]byte(head)))
	}
	accepted := []string{minted, twin(minted)}
	f.Fuzz(func(t *testing.T, at, cut uint16, with string) {
		token := splice(minted, at, cut, with)
		identity, err := tokens.Verify(token)
		if good := slices.Contains(accepted, token); good != (err == nil) {
			t.Fatalf("%q: %v, and it was minted: %v", token, err, good)
		}
		if err == nil && identity != who {
			t.Fatalf("%q is taken for one of %+v", token, identity)
		}
		if revoked := tokens.SessionOf(token); (revoked != "") != (err == nil) {
			t.Fatalf("%q would revoke the session %q", token, revoked)
		}
		// The second call is answered from the cache.
		if again, err := tokens.Verify(token); (err == nil) != (identity != access.Identity{}) || again != identity {
			t.Fatalf("%q: another answer at the second look: %+v %v", token, again, err)
		}
	})
}

// twin returns the other signature anybody can derive: if (r, s) is valid, so
// is (r, n-s).
func twin(token string) string {
	const half = 32
	end := strings.LastIndexByte(token, '.') + 1
	signature, err := base64.RawURLEncoding.DecodeString(token[end:])
	if err != nil {
		panic(err) // a minted token is well formed
	}
	s := new(big.Int).SetBytes(signature[half:])
	s.Sub(elliptic.P256().Params().N, s).FillBytes(signature[half:])
	return token[:end] + base64.RawURLEncoding.EncodeToString(signature)
}

func FuzzRefreshToken(f *testing.F) {
	root, err := secret.NewRoot(rand.Text() + rand.Text())
	if err != nil {
		f.Fatal(err)
	}
	tokens := NewRefresh(root)
	const session, generation = "SESSION", 7
	minted := tokens.Mint(session, generation)
	addSplices(f, minted)
	mac := minted[strings.LastIndexByte(minted, '.'):]
	for _, body := range []string{"SESSION.07", "SESSION.+7", "SESSION.8", "SESSION.-7", "SESSION.7.", "SESSION.", ".7", "SESSION. 7", "SESSION.0x7", "SESSION.7e0", "session.7", "SESSION.99999999999999999999"} {
		f.Add(uint16(0), uint16(len(minted)), body+mac)
	}
	f.Fuzz(func(t *testing.T, at, cut uint16, with string) {
		token := splice(minted, at, cut, with)
		read, ok := tokens.Read(token)
		if ok != (token == minted) {
			t.Fatalf("%q: accepted %v", token, ok)
		}
		if want := (Presented{session, generation}); ok && read != want || !ok && read != (Presented{}) {
			t.Fatalf("%q is read as %+v", token, read)
		}
	})
}
