package auth

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"lychgate/server/problem"
	"lychgate/server/secret"
	"lychgate/server/store"
	"lychgate/server/web"
)

// splice cuts some bytes out of a token and puts others in their place, so
// that a fuzzer begins with what is good. Where it cuts all, what it puts in
// is the whole token.
func splice(token string, at, cut uint16, with string) string {
	from := min(int(at), len(token))
	to := min(from+int(cut), len(token))
	return token[:from] + with + token[to:]
}

// addSplices adds seeds: what is known to have been accepted somewhere.
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
	tokens := NewAccessTokens(keys, "http://localhost:8080", time.Hour, func() time.Time { return now })
	who := web.Identity{UserID: "user", SessionID: "session"}
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
		if ended := tokens.SessionOf(token); (ended != "") != (err == nil) {
			t.Fatalf("%q would end the session %q", token, ended)
		}
		// The second look is at what is remembered of the first.
		if again, err := tokens.Verify(token); (err == nil) != (identity != web.Identity{}) || again != identity {
			t.Fatalf("%q: another answer at the second look: %+v %v", token, again, err)
		}
	})
}

// twin returns the other token that was minted without anybody's wish: where
// r and s are a signature, r and n-s are one too, and anybody can tell it.
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
	tokens := NewRefreshTokens(root)
	const session, generation = "SESSION", 7
	minted := tokens.mint(session, generation)
	addSplices(f, minted)
	mac := minted[strings.LastIndexByte(minted, '.'):]
	for _, body := range []string{"SESSION.07", "SESSION.+7", "SESSION.8", "SESSION.-7", "SESSION.7.", "SESSION.", ".7", "SESSION. 7", "SESSION.0x7", "SESSION.7e0", "session.7", "SESSION.99999999999999999999"} {
		f.Add(uint16(0), uint16(len(minted)), body+mac)
	}
	f.Fuzz(func(t *testing.T, at, cut uint16, with string) {
		token := splice(minted, at, cut, with)
		read, ok := tokens.read(token)
		if ok != (token == minted) {
			t.Fatalf("%q: accepted %v", token, ok)
		}
		if want := (presented{session, generation}); ok && read != want || !ok && read != (presented{}) {
			t.Fatalf("%q is read as %+v", token, read)
		}
	})
}

// unseen are some characters that nobody sees.
var unseen = []rune{
	'\u00a0', '\u00ad', '\u034f', '\u061c', '\u115f', '\u1160', '\u180e', '\u2003', '\u200b', '\u200c', '\u200d', '\u200e', '\u200f', '\u2028', '\u202a',
	'\u202e', '\u2060', '\u2066', '\u2069', '\u2800', '\u3000', '\u3164', '\ufe0f', '\ufeff', '\uffa0', '\ufff9', '\U000e0061', '\U000e0100', '\U0001d159',
}

func FuzzCanonicalEmail(f *testing.F) {
	for _, text := range []string{
		"ada@example.com", " Ada@Example.COM ", "ｔaken@example.com", "ada＠example.com", "a@b@c", "", "@", "a@", "@b",
		`"a b"@example.com`, "a(b)@example.com", "a@[127.0.0.1]", "a@127.0.0.1", "a@1.2.3.0x4", "a@bücher.example", "a@xn--bcher-kva.example",
		"a@xn--a", "a@xn--80akhbyknj4f.xn--p1ai", "a@faß.de", "a@example．com", "a@example。com", "a@example.com.", "a@.com", "a.@b.c", "a..b@c.d",
		"K@example.com", "İ@example.com", "ı@example.com", "ſ@example.com", "a\u00ad@example.com", "a@exa\u00admple.com", "a@exa\u200dmple.com",
		"a\x00@b.c", "a@b\n.c", "a\u202e@b.c", "\ufeffa@b.c", "a@-b.c", "a@b-.c", "a@b_c.d", "\xff@b.c", "a@\xff.c", "%61@b.c", "a+b@c.d",
		strings.Repeat("a", 64) + "@example.com", "a@" + strings.Repeat("b.", 120) + "cc", "\ufdfa@b.c", "a@ℂ.com", "a@１２７.0.0.1", "㏕@b.c",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		email, err := canonicalEmail(text)
		if err != nil {
			if email != "" {
				t.Fatalf("%q: %v, and yet %q", text, err, email)
			}
			return
		}
		local, domain, _ := strings.Cut(email, "@")
		switch {
		case local == "" || domain == "" || strings.Contains(domain, "@"):
			t.Fatalf("%q: %q has not one @ between two parts", text, email)
		case len(email) > maxEmailLength:
			t.Fatalf("%q: %q is too long", text, email)
		case email != strings.ToLower(email):
			t.Fatalf("%q: %q is not lower-case", text, email)
		case strings.ContainsFunc(email, func(r rune) bool { return r <= ' ' || r >= 0x7f }):
			t.Fatalf("%q: %q is not plain ASCII", text, email)
		case strings.ContainsAny(email, `"(),:;<>[]\`):
			t.Fatalf("%q: %q can be read in two ways", text, email)
		}
		if again, err := canonicalEmail(email); again != email {
			t.Fatalf("%q: %q becomes %q (%v)", text, email, again, err)
		}
		if shouted, err := canonicalEmail(" " + strings.ToUpper(email) + "\t"); shouted != email {
			t.Fatalf("%q: %q in capitals becomes %q (%v)", text, email, shouted, err)
		}
		for _, r := range unseen {
			if pasted, err := canonicalEmail(string(r) + text + string([]rune{' ', r, r})); pasted != email {
				t.Fatalf("%q: with %U around it %q becomes %q (%v)", text, r, email, pasted, err)
			}
			hiding := email[:1] + string(r) + email[1:]
			if got, err := canonicalEmail(hiding); got != "" || problem.From(err).Fields[0].Code != "invalid_character" {
				t.Fatalf("%q becomes %q (%v)", hiding, got, err)
			}
		}
	})
}

// FuzzAddressKey wants clients counted apart where they are different ones,
// and together where they are one: an IPv4 client in whatever spelling, an
// IPv6 client with all of its /64.
func FuzzAddressKey(f *testing.F) {
	for _, text := range []string{
		"", "192.0.2.1", "::ffff:192.0.2.1", "::ffff:c000:201", "192.0.2.01", "2001:db8::1", "2001:DB8:0:0:ffff::", "fe80::1%eth0", "::1", "::", "64:ff9b::192.0.2.1",
		"2001:db8::1/64", "[2001:db8::1]", "192.0.2.1:80", "unknown", "_hidden", "192.0.2.1\n", "192.0.2.1, 192.0.2.2",
	} {
		f.Add(text, uint64(1))
	}
	f.Fuzz(func(t *testing.T, text string, other uint64) {
		key := addressKey(text)
		if again := addressKey(key); again != key {
			t.Fatalf("%q is counted as %q, and that as %q", text, key, again)
		}
		address, err := netip.ParseAddr(text)
		if err != nil {
			if key != text {
				t.Fatalf("%q, which is no address, is counted as %q", text, key)
			}
			return
		}
		address = address.Unmap().WithZone("")
		if address.Is4() {
			if key != address.String() || addressKey("::ffff:"+key) != key {
				t.Fatalf("%q is counted as %q, and as %q in IPv6", text, key, addressKey("::ffff:"+key))
			}
			return
		}
		neighbour, stranger := address.As16(), address.As16()
		binary.BigEndian.PutUint64(neighbour[8:], other)
		binary.BigEndian.PutUint64(stranger[:8], other)
		if with := netip.AddrFrom16(neighbour); with.Unmap() == with && addressKey(with.String()) != key {
			t.Fatalf("%q is counted as %q, and %s of the same /64 as %q", text, key, with, addressKey(with.String()))
		}
		if from := netip.AddrFrom16(stranger); (addressKey(from.String()) == key) != (stranger == address.As16()) {
			t.Fatalf("%q is counted as %q, and %s of another /64 as %q", text, key, from, addressKey(from.String()))
		}
	})
}

// FuzzUserAgent wants what is kept of a user agent to be its beginning, short
// enough and good UTF-8.
func FuzzUserAgent(f *testing.F) {
	for _, text := range []string{"", "curl/8", "\xff", "\xc3", strings.Repeat("a", 600), strings.Repeat("a", 511) + "\u00e9", strings.Repeat("a", 509) + "\U0001f600", strings.Repeat("\x80", 600)} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header["User-Agent"] = []string{text}
		kept := ClientOf(echo.New().NewContext(r, httptest.NewRecorder())).UserAgent
		if len(kept) > maxUserAgent || !utf8.ValidString(kept) {
			t.Fatalf("%q: %q is kept", text, kept)
		}
		if utf8.ValidString(text) && (!strings.HasPrefix(text, kept) || len(kept) <= min(len(text), maxUserAgent)-utf8.UTFMax) {
			t.Fatalf("%q: %q is kept, which is not its beginning", text, kept)
		}
	})
}

// FuzzName wants a name that is accepted to be one line of at most so many
// characters, and to be accepted as it is.
func FuzzName(f *testing.F) {
	for _, text := range []string{"", "Ada", " Ada  Lovelace ", "a\nb", "a\x00", "\u0085", "\u2028", "\u202e", "\u00a0Ada\u3000", "\ufeff", "\xff", strings.Repeat("\u00e9", 100), strings.Repeat("e\u0301", 51),
		"\u2764\ufe0f\u200d\U0001f525", "\U0001f3f4\U000e0067\U000e0062\U000e007f", "\u0645\u06cc\u200c\u062e", "a\u200d\u200d", "a\ufe0f\u200b\ufe0f", "\u3164", "a\u3164b", "\U0001f3f4\u200b\U000e0067",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		name, faults := CheckName(text)
		if !strings.Contains(text, name) {
			t.Fatalf("%q becomes %q", text, name)
		}
		if len(faults) > 0 {
			if len(faults) != 1 || faults[0].Field != "name" || faults[0].Code == "" || faults[0].Detail == "" {
				t.Fatalf("%q: %+v", text, faults)
			}
			return
		}
		if utf8.RuneCountInString(name) > maxNameLength || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || 0x7f <= r && r < 0xa0 }) {
			t.Fatalf("%q is accepted as %q", text, name)
		}
		if again, faults := CheckName(name); again != name || faults != nil {
			t.Fatalf("%q becomes %q, and that %q (%v)", text, name, again, faults)
		}
		if blank := strings.Trim(text, " \t\r\n") == ""; blank != (name == "") {
			t.Fatalf("%q is accepted as %q", text, name)
		}
		if strings.ContainsFunc(name, func(r rune) bool { return unicode.Is(unicode.Bidi_Control, r) }) {
			t.Fatalf("%q is accepted as %q, which turns what stands around it", text, name)
		}
		if name == "" {
			return
		}
		for _, r := range unseen {
			around := string(r) + name + string([]rune{' ', r})
			if pasted, faults := CheckName(around); pasted != name || faults != nil {
				t.Fatalf("%q with %U around it becomes %q (%v)", name, r, pasted, faults)
			}
		}
	})
}

// FuzzSessionPlace wants a place that is accepted to be written the same way
// again.
func FuzzSessionPlace(f *testing.F) {
	good := placeText(store.SessionPlace{CreatedAt: time.UnixMilli(1_770_000_000_000), ID: rand.Text()})
	for _, text := range []string{
		"", good, good + "=", good + "A", good[1:], strings.ToLower(good), "*", strings.Repeat("A", maxPlaceLength+1),
		base64.RawURLEncoding.EncodeToString([]byte("1")), base64.RawURLEncoding.EncodeToString([]byte("1 ")), base64.RawURLEncoding.EncodeToString([]byte(" x")),
		base64.RawURLEncoding.EncodeToString([]byte("01 x")), base64.RawURLEncoding.EncodeToString([]byte("+1 x")), base64.RawURLEncoding.EncodeToString([]byte("-1 x")),
		base64.RawURLEncoding.EncodeToString([]byte("9223372036854775808 x")), base64.RawURLEncoding.EncodeToString([]byte("1 x\n y")),
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		place, ok := readPlace(text)
		if ok && (placeText(place) != text || place.ID == "" || len(text) > maxPlaceLength) {
			t.Fatalf("%q is accepted as %+v", text, place)
		}
		if ok != (text != "" && placeText(place) == text && place.ID != "" && len(text) <= maxPlaceLength) {
			t.Fatalf("%q is refused, and is the spelling of %+v", text, place)
		}
	})
}
