package password_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"lychgate/server/password"
	"lychgate/server/secret"
)

// cost is bcrypt's minimum, to keep tests fast.
const cost = bcrypt.MinCost

func newRoot(t testing.TB, text string) secret.Root {
	t.Helper()
	root, err := secret.NewRoot(strings.Repeat(text, secret.MinRootBytes))
	if err != nil {
		t.Fatal(err)
	}
	return root
}

func newHasher(t testing.TB, cost int) *password.Hasher {
	t.Helper()
	return password.NewHasher(newRoot(t, "a"), cost, 2)
}

func hash(t testing.TB, h *password.Hasher, password string) string {
	t.Helper()
	stored, err := h.Hash(t.Context(), password)
	if err != nil {
		t.Fatal(err)
	}
	return stored
}

func verify(t testing.TB, h *password.Hasher, stored, password string) (ok, rehash bool) {
	t.Helper()
	ok, rehash, err := h.Verify(t.Context(), stored, password)
	if err != nil {
		t.Fatal(err)
	}
	return ok, rehash
}

func TestHashAndVerify(t *testing.T) {
	h := newHasher(t, cost)
	for _, test := range []struct {
		name, password string
		long           bool // condensed, and marked so
	}{
		{"one character", "x", false},
		{"a phrase", "correct horse battery staple", false},
		{"71 bytes", strings.Repeat("x", 71), false},
		{"72 bytes", strings.Repeat("x", 72), false},
		{"73 bytes", strings.Repeat("x", 73), true},
		{"72 bytes of 36 characters", strings.Repeat("ä", 36), false},
		{"a character across the 72nd byte", strings.Repeat("x", 71) + "ä", true},
		{"256 characters of four bytes", strings.Repeat("🔑", 256), true},
	} {
		t.Run(test.name, func(t *testing.T) {
			stored := hash(t, h, test.password)
			if marked := strings.HasPrefix(stored, "hmac-sha256:$2a$04$"); marked != test.long || !marked && !strings.HasPrefix(stored, "$2a$04$") {
				t.Errorf("stored as %q", stored)
			}
			if again := hash(t, h, test.password); again == stored {
				t.Error("two hashes are the same: there is no salt")
			}
			if ok, rehash := verify(t, h, stored, test.password); !ok || rehash {
				t.Errorf("verified %v, rehash %v", ok, rehash)
			}
			for _, wrong := range []string{
				"", "\x00", test.password + "x", test.password + "\x00", test.password + "\x00" + test.password, "\x00" + test.password,
				" " + test.password, test.password + " ", test.password[1:], test.password[:len(test.password)-1], strings.ToUpper(test.password) + "!",
				strings.Repeat(test.password, 2), strings.Repeat("x", 74), strings.Repeat("y", 1000),
			} {
				if ok, rehash := verify(t, h, stored, wrong); ok || rehash {
					t.Errorf("%.80q: verified %v, rehash %v", wrong, ok, rehash)
				}
			}
		})
	}
}

// Hashes of other systems can be imported.
func TestImportedHashes(t *testing.T) {
	h := newHasher(t, cost)
	seventyTwo := strings.Repeat("0123456789", 7) + "ab"
	own, err := bcrypt.GenerateFromPassword([]byte(seventyTwo), cost)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ stored, password string }{
		{"$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe", "a"},             // jBCrypt's own tests
		{"$2a$07$usesomesillystringfore2uDLvp1Ii2e./U9C8sBjqp8I90dH6hi", "rasmuslerdorf"}, // PHP's manual
		{"$2y$10$MTIzNDU2Nzg5MDEyMzQ1Nej0NmcAWSLR.oP7XOR9HD/vjUuOj100y", "test"},          // PHP's own tests
		{"$2a$" + string(own[4:]), seventyTwo},
		{"$2b$" + string(own[4:]), seventyTwo},
		{"$2y$" + string(own[4:]), seventyTwo},
	} {
		if ok, _ := verify(t, h, test.stored, test.password); !ok {
			t.Errorf("%s is not the hash of %q", test.stored, test.password)
		}
		if ok, _ := verify(t, h, test.stored, test.password+"x"); ok {
			t.Errorf("%s is the hash of more", test.stored)
		}
	}
}

// The condensed form, from which a long password is hashed, must not itself be
// accepted as a password.
func TestCondensedFormIsNoPassword(t *testing.T) {
	h := newHasher(t, cost)
	long := strings.Repeat("long ", 30)
	form := base64.StdEncoding.EncodeToString(newRoot(t, "a").MAC("long password")(long))
	stored := hash(t, h, long)
	if ok, _ := verify(t, h, stored, form); ok {
		t.Error("the condensed form is accepted")
	}
	if ok, _ := verify(t, h, strings.TrimPrefix(stored, "hmac-sha256:"), long); ok {
		t.Error("a long password matches without the mark")
	}
	if ok, _ := verify(t, h, "hmac-sha256:"+hash(t, h, "short"), "short"); ok {
		t.Error("a short password matches with the mark")
	}
}

func TestLosingTheRootLosesLongPasswordsOnly(t *testing.T) {
	before, after := newHasher(t, cost), password.NewHasher(newRoot(t, "b"), cost, 2)
	long, short := strings.Repeat("x", 73), strings.Repeat("x", 72)
	if ok, _ := verify(t, after, hash(t, before, short), short); !ok {
		t.Error("a short password is lost")
	}
	if ok, _ := verify(t, after, hash(t, before, long), long); ok {
		t.Error("a long password does not hang on the root")
	}
}

func TestRehash(t *testing.T) {
	for _, test := range []struct {
		stored, now int
		want        bool
	}{{4, 4, false}, {4, 5, true}, {5, 4, true}} {
		for _, password := range []string{"a short one", strings.Repeat("a long one ", 10)} {
			stored := hash(t, newHasher(t, test.stored), password)
			h := newHasher(t, test.now)
			if ok, rehash := verify(t, h, stored, password); !ok || rehash != test.want {
				t.Errorf("cost %d, now %d: verified %v, rehash %v", test.stored, test.now, ok, rehash)
			}
			if ok, rehash := verify(t, h, stored, "wrong"); ok || rehash {
				t.Errorf("cost %d, now %d, a wrong one: verified %v, rehash %v", test.stored, test.now, ok, rehash)
			}
		}
	}
}

// forms are texts that people take for the same: composed, decomposed, and
// mixed.
var forms = []string{"contrase\u00f1a de \u00e9mile", "contrasen\u0303a de e\u0301mile", "contrase\u00f1a de e\u0301mile"}

// Keyboards encode the same characters differently.
func TestUnicodeFormsAreOnePassword(t *testing.T) {
	h := newHasher(t, cost)
	for _, long := range []string{"", strings.Repeat(" and on", 10)} {
		for _, chosen := range forms {
			stored := hash(t, h, chosen+long)
			for _, typed := range forms {
				if ok, rehash := verify(t, h, stored, typed+long); !ok || rehash {
					t.Errorf("chosen as %+q, typed as %+q: verified %v, rehash %v", chosen+long, typed+long, ok, rehash)
				}
			}
			// Nothing else matches: compatibility forms are other characters.
			for _, wrong := range []string{"contrasena de emile", "contrase\u00f1a de \u00c9mile", "ｃontrase\u00f1a de \u00e9mile"} {
				if ok, _ := verify(t, h, stored, wrong+long); ok {
					t.Errorf("chosen as %+q, and %+q is verified", chosen+long, wrong+long)
				}
			}
		}
	}
}

// Older hashes, and those of other systems, are of the text as typed.
func TestHashesOfTextsAsTypedStillCount(t *testing.T) {
	h := newHasher(t, cost)
	decomposed := forms[1]
	// Condensed as typed, but short enough when composed.
	long := strings.Repeat("e\u0301", 30)
	condensed, err := bcrypt.GenerateFromPassword([]byte(base64.StdEncoding.EncodeToString(newRoot(t, "a").MAC("long password")(long))), cost)
	if err != nil {
		t.Fatal(err)
	}
	own, err := bcrypt.GenerateFromPassword([]byte(decomposed), cost)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ stored, typed string }{{string(own), decomposed}, {"hmac-sha256:" + string(condensed), long}} {
		if ok, rehash := verify(t, h, test.stored, test.typed); !ok || !rehash {
			t.Errorf("%+q: verified %v, rehash %v, want both", test.typed, ok, rehash)
		}
		if ok, _ := verify(t, h, test.stored, test.typed+"x"); ok {
			t.Errorf("%+q: more than it is verified", test.typed)
		}
	}
}

// work returns the cost of a verification, in hashes of minimum cost, and fails
// the test unless each hash runs on a low-priority thread.
func work(t *testing.T, h *password.Hasher, stored, password string) (units int) {
	t.Helper()
	h.Observe(func(c int) {
		units += 1 << (c - cost)
		wantsLowPriority(t)
	})
	if ok, _ := verify(t, h, stored, password); ok {
		t.Errorf("%+q is verified", password)
	}
	return units
}

// The cost of a refusal depends only on what was typed, so that its time
// reveals nothing about the account.
func TestRefusalsCostTheSame(t *testing.T) {
	const now = cost + 3
	h := newHasher(t, now)
	stored := map[string]string{
		"no account":           "",
		"an unreadable hash":   "$2a$",
		"another kind of hash": "$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHQ$aGFzaA",
		"a long one":           hash(t, h, strings.Repeat("x", 100)),
		"a cheap long one":     hash(t, newHasher(t, cost+1), strings.Repeat("x", 100)),
	}
	for c := cost; c <= now; c++ {
		stored[fmt.Sprintf("cost %d", c)] = hash(t, newHasher(t, c), "a password")
	}
	for _, test := range []struct {
		typed string
		want  int // hashes of today's cost
	}{
		{"wrong", 1}, {"", 1}, {"a password\x00", 1}, {strings.Repeat("y", 100), 1}, {"contrase\u00f1a", 1},
		// The text as typed is tried as well.
		{"contrasen\u0303a", 2}, {strings.Repeat("e\u0301", 30), 2}, {strings.Repeat("e\u0301", 100), 2}, {"n\u0303\x00", 2},
	} {
		for name, hash := range stored {
			if got, want := work(t, h, hash, test.typed), test.want<<(now-cost); got != want {
				t.Errorf("%s, typed %.20q: %d units of work, want %d", name, test.typed, got, want)
			}
		}
	}
}

// New passwords are hashed at low priority too.
func TestHashHasLowPriority(t *testing.T) {
	h := newHasher(t, cost)
	hashes := 0
	h.Observe(func(c int) {
		hashes++
		wantsLowPriority(t)
		if c != cost {
			t.Errorf("hashed at cost %d, want %d", c, cost)
		}
	})
	if hash(t, h, "a password"); hashes != 1 {
		t.Errorf("%d hashes, want 1", hashes)
	}
}

func TestUnreadableHashesMatchNothing(t *testing.T) {
	h := newHasher(t, cost)
	whole := hash(t, h, "a password")
	for _, stored := range []string{
		"", "x", "$2a$", "hmac-sha256:", "hmac-sha256:$2a$04$", whole[:len(whole)-1], "$1$" + whole[3:], "$3a$" + whole[4:], "$2a$99$" + whole[7:], "a password",
	} {
		for _, password := range []string{"a password", "", "x", "\x00", strings.Repeat("x", 100)} {
			if ok, rehash := verify(t, h, stored, password); ok || rehash {
				t.Errorf("%q as the hash of %.20q: verified %v, rehash %v", stored, password, ok, rehash)
			}
		}
	}
}

// BenchmarkRefusals reports the time of each refusal relative to that of a
// wrong password: an unknown account, or one with another kind of hash, must
// not be recognizable by its time. It asserts nothing because machines are
// noisy.
func BenchmarkRefusals(b *testing.B) {
	const cost = 8
	h := newHasher(b, cost)
	cases := map[string]string{
		"no-account":      "",
		"unreadable-hash": "$2a$",
		"lower-cost":      hash(b, newHasher(b, cost-2), "a password"),
		"long-password":   hash(b, h, strings.Repeat("x", 100)),
		"long-and-cheap":  hash(b, newHasher(b, cost-1), strings.Repeat("x", 100)),
	}
	usual := hash(b, h, "a password")
	took := map[string]time.Duration{}
	for b.Loop() {
		for name, stored := range cases {
			for label, against := range map[string]string{name: stored, "usual": usual} {
				begun := time.Now()
				verify(b, h, against, "wrong")
				took[label] += time.Since(begun)
			}
		}
	}
	for name := range cases {
		b.ReportMetric(float64(took[name])*float64(len(cases))/float64(took["usual"]), name+"/wrong-password")
	}
}

func BenchmarkHash(b *testing.B) {
	for cost := 10; cost <= 13; cost++ {
		b.Run(fmt.Sprintf("cost=%d", cost), func(b *testing.B) {
			h := newHasher(b, cost)
			for b.Loop() {
				hash(b, h, "correct horse battery staple")
			}
		})
	}
}
