package server_test

import (
	"bytes"
	"cmp"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"maps"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"lychgate/server/secret"
	"lychgate/server/servertest"
	"lychgate/server/store"
)

// What the forgeries in testdata/attacks/tokens.json are made with.

var (
	word     = regexp.MustCompile(`<([^<>]+)>`)
	repeated = regexp.MustCompile(`^(.+)×(\d+)$`)
	moment   = regexp.MustCompile(`^now([+-]\d+)?$`)
)

// expand replaces words in angle brackets: <now+900> by seconds since 1970,
// <A×3> by AAA, <hex ff> by that byte, and those it is given.
func expand(t *testing.T, text string, words map[string]string, now int64) string {
	t.Helper()
	return word.ReplaceAllStringFunc(text, func(found string) string {
		name := found[1 : len(found)-1]
		if value, known := words[name]; known {
			return value
		}
		if parts := repeated.FindStringSubmatch(name); parts != nil {
			times, err := strconv.Atoi(parts[2])
			if err != nil {
				t.Fatal(err)
			}
			return strings.Repeat(parts[1], times)
		}
		if digits, isHex := strings.CutPrefix(name, "hex "); isHex {
			bytes, err := hex.DecodeString(digits)
			if err != nil {
				t.Fatal(err)
			}
			return string(bytes)
		}
		parts := moment.FindStringSubmatch(name)
		if parts == nil {
			t.Fatalf("%.80q: there is no word %s", text, found)
		}
		offset, err := strconv.ParseInt(cmp.Or(parts[1], "0"), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return strconv.FormatInt(now+offset, 10)
	})
}

// members returns the good members with the changes of a forgery. A value
// that begins with $ is not text: "$now+1" is a number, "$jwk of other" an
// object.
func (f *forge) members(t *testing.T, good, set map[string]any, without []string, prefix string) map[string]any {
	t.Helper()
	members := maps.Clone(good)
	for name, value := range set {
		members[name] = f.value(t, value)
	}
	for _, name := range without {
		if name, found := strings.CutPrefix(name, prefix); found {
			delete(members, name)
		}
	}
	return members
}

func (f *forge) value(t *testing.T, value any) any {
	t.Helper()
	switch value := value.(type) {
	case []any:
		list := slices.Clone(value)
		for i := range list {
			list[i] = f.value(t, list[i])
		}
		return list
	case string:
		special, found := strings.CutPrefix(value, "$")
		if !found {
			return f.expand(t, value)
		}
		if text, found := strings.CutPrefix(special, "text "); found {
			return f.expand(t, "<"+text+">")
		}
		if name, found := strings.CutPrefix(special, "jwk of "); found {
			return json.RawMessage(f.keys.jwk(t, name))
		}
		return json.RawMessage(f.expand(t, "<"+special+">"))
	default:
		return value
	}
}

// text returns the JSON of the members, or the template of a forgery with
// them in place of <members>.
func (f *forge) text(t *testing.T, template string, members map[string]any) []byte {
	t.Helper()
	plain := func(members map[string]any) string {
		text, err := json.Marshal(members)
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSuffix(strings.TrimPrefix(string(text), "{"), "}")
	}
	if template == "" {
		template = "{<members>}"
	}
	words := maps.Clone(f.words)
	words["members"] = plain(members)
	for name := range members {
		others := maps.Clone(members)
		delete(others, name)
		words["claims but "+name] = plain(others)
	}
	return []byte(expand(t, template, words, f.now()))
}

func decodePart(t *testing.T, part string) map[string]any {
	t.Helper()
	text, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var members map[string]any
	if err := decoder.Decode(&members); err != nil {
		t.Fatal(err)
	}
	return members
}

func encodePart(text []byte) string { return base64.RawURLEncoding.EncodeToString(text) }

// withSpareBits sets a bit of the last character that no byte is made of.
func withSpareBits(encoded string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	if len(encoded)%4 == 0 {
		return encoded + " has no spare bits"
	}
	last := strings.IndexByte(alphabet, encoded[len(encoded)-1])
	return encoded[:len(encoded)-1] + string(alphabet[last|1])
}

// forgeKeys are the server's own key, which an attacker does not have, and
// one that an attacker makes.
type forgeKeys struct {
	id          string
	real, other *ecdsa.PrivateKey
	hmac        map[string][]byte // by name: what an attacker may try as HMAC key
}

func newForgeKeys(t *testing.T, server *servertest.Server) forgeKeys {
	t.Helper()
	k := forgeKeys{other: newKey(t, elliptic.P256())}
	k.id, k.real = signingKey(t, server)
	der, err := x509.MarshalPKIXPublicKey(&k.real.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	point, err := k.real.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	inPEM := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	k.hmac = map[string][]byte{
		"pem": inPEM, "pem trimmed": bytes.TrimSpace(inPEM), "der": der, "point": point,
		"jwk": k.jwk(t, "real"), "jwks": []byte(server.Client().Get("/.well-known/jwks.json").Body),
		"kid": []byte(k.id), "empty": {}, "secret": []byte(rootSecret(t, server)),
	}
	return k
}

// signingKey takes the key that signs out of the data directory, as only
// somebody can who has both the database and the secret.
func signingKey(t *testing.T, server *servertest.Server) (id string, key *ecdsa.PrivateKey) {
	t.Helper()
	data, err := store.Open(t.Context(), server.Config.DatabasePath())
	if err != nil {
		t.Fatal(err)
	}
	defer data.Close()
	keys, err := data.Read().SigningKeys(t.Context())
	if err != nil || len(keys) == 0 {
		t.Fatalf("%d signing keys: %v", len(keys), err)
	}
	root, err := secret.LoadRoot(server.Config.SecretPath())
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := root.Open("signing key "+keys[0].ID, keys[0].Sealed)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(encoded)
	if err != nil {
		t.Fatal(err)
	}
	return keys[0].ID, parsed.(*ecdsa.PrivateKey)
}

func newKey(t *testing.T, curve elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func (k forgeKeys) jwk(t *testing.T, name string) []byte {
	t.Helper()
	point, err := map[string]*ecdsa.PrivateKey{"real": k.real, "other": k.other}[name].PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(map[string]string{"kty": "EC", "crv": "P-256", "x": encodePart(point[1:33]), "y": encodePart(point[33:])})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// sign signs with the key that a forgery names, whatever its header says.
func (k forgeKeys) sign(t *testing.T, with, input string) []byte {
	t.Helper()
	short := sha256.Sum256([]byte(input))
	middle := sha512.Sum384([]byte(input))
	long := sha512.Sum512([]byte(input))
	var signature []byte
	var err error
	switch kind, name, _ := strings.Cut(with, " "); kind {
	case "":
		// Until it holds one of the characters that the standard alphabet
		// writes in another way, so that this spelling is another one.
		for !strings.ContainsAny(encodePart(signature), "-_") {
			signature = rawSignature(t, k.real, short[:])
		}
	case "real": // over sha-384
		signature = rawSignature(t, k.real, middle[:])
	case "other":
		signature = rawSignature(t, k.other, short[:])
	case "es384":
		signature = rawSignature(t, newKey(t, elliptic.P384()), middle[:])
	case "es512":
		signature = rawSignature(t, newKey(t, elliptic.P521()), long[:])
	case "hs256", "hs384", "hs512":
		secret, known := k.hmac[name]
		if !known {
			t.Fatalf("no HMAC key %q", name)
		}
		mac := hmac.New(map[string]crypto.Hash{"hs256": crypto.SHA256, "hs384": crypto.SHA384, "hs512": crypto.SHA512}[kind].New, secret)
		mac.Write([]byte(input))
		signature = mac.Sum(nil)
	case "rs256", "ps256":
		var key *rsa.PrivateKey
		if key, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
			t.Fatal(err)
		}
		if kind == "rs256" {
			signature, err = rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, short[:])
		} else {
			signature, err = rsa.SignPSS(rand.Reader, key, crypto.SHA256, short[:], nil)
		}
	case "eddsa":
		var key ed25519.PrivateKey
		if _, key, err = ed25519.GenerateKey(rand.Reader); err == nil {
			signature = ed25519.Sign(key, []byte(input))
		}
	case "none":
	default:
		t.Fatalf("no way to sign called %q", with)
	}
	if err != nil {
		t.Fatal(err)
	}
	return signature
}

// rawSignature returns r and s one after the other (RFC 7518, section 3.4).
func rawSignature(t *testing.T, key *ecdsa.PrivateKey, hash []byte) []byte {
	t.Helper()
	r, s, err := ecdsa.Sign(rand.Reader, key, hash)
	if err != nil {
		t.Fatal(err)
	}
	size := (key.Params().BitSize + 7) / 8
	return append(r.FillBytes(make([]byte, size)), s.FillBytes(make([]byte, size))...)
}

// alter does to the bytes of a signature what a forgery asks for.
func (k forgeKeys) alter(t *testing.T, how string, signature []byte) []byte {
	t.Helper()
	if how == "" {
		return signature
	}
	const half = 32
	n := elliptic.P256().Params().N
	altered := slices.Clone(signature)
	r, s := new(big.Int).SetBytes(signature[:half]), new(big.Int).SetBytes(signature[half:])
	switch how {
	case "twin":
		new(big.Int).Sub(n, s).FillBytes(altered[half:])
	case "der":
		inDER, err := asn1.Marshal(struct{ R, S *big.Int }{r, s})
		if err != nil {
			t.Fatal(err)
		}
		return inDER
	case "truncated":
		return altered[:len(altered)-1]
	case "half":
		return altered[:half]
	case "zero behind":
		return append(altered, 0)
	case "doubled":
		return append(altered, signature...)
	case "first bit flipped":
		altered[0] ^= 0x80
	case "last bit flipped":
		altered[len(altered)-1] ^= 1
	case "swapped":
		copy(altered, signature[half:])
		copy(altered[half:], signature[:half])
	case "zeros":
		clear(altered)
	case "r zero":
		clear(altered[:half])
	case "s zero":
		clear(altered[half:])
	case "n":
		n.FillBytes(altered[:half])
		n.FillBytes(altered[half:])
	case "one":
		clear(altered)
		altered[half-1], altered[2*half-1] = 1, 1
	case "ones":
		for i := range altered {
			altered[i] = 0xff
		}
	default:
		t.Fatalf("nothing that is done to a signature is called %q", how)
	}
	return altered
}
