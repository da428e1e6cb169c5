package secret_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"lychgate/server/secret"
)

// cost is the least that bcrypt has: tests do not need to be slow.
const cost = bcrypt.MinCost

func newRoot(t testing.TB, text string) secret.Root {
	t.Helper()
	root, err := secret.NewRoot(strings.Repeat(text, secret.MinRootBytes))
	if err != nil {
		t.Fatal(err)
	}
	return root
}

func newHasher(t testing.TB, cost int) *secret.Hasher {
	t.Helper()
	return secret.NewHasher(newRoot(t, "a"), cost, 2)
}

func hash(t testing.TB, h *secret.Hasher, password string) string {
	t.Helper()
	stored, err := h.Hash(t.Context(), password)
	if err != nil {
		t.Fatal(err)
	}
	return stored
}

func verify(t testing.TB, h *secret.Hasher, stored, password string) (ok, rehash bool) {
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
				t.Errorf("verified %v, hash anew %v", ok, rehash)
			}
			for _, wrong := range []string{
				"", "\x00", test.password + "x", test.password + "\x00", test.password + "\x00" + test.password, "\x00" + test.password,
				" " + test.password, test.password + " ", test.password[1:], test.password[:len(test.password)-1], strings.ToUpper(test.password) + "!",
				strings.Repeat(test.password, 2), strings.Repeat("x", 74), strings.Repeat("y", 1000),
			} {
				if ok, rehash := verify(t, h, stored, wrong); ok || rehash {
					t.Errorf("%.80q: verified %v, hash anew %v", wrong, ok, rehash)
				}
			}
		})
	}
}

// Hashes of other systems can be brought along.
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

// What is stored for a long password was hashed from its condensed form; that
// form must not be a password itself.
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
	before, after := newHasher(t, cost), secret.NewHasher(newRoot(t, "b"), cost, 2)
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
				t.Errorf("cost %d, now %d: verified %v, hash anew %v", test.stored, test.now, ok, rehash)
			}
			if ok, rehash := verify(t, h, stored, "wrong"); ok || rehash {
				t.Errorf("cost %d, now %d, a wrong one: verified %v, hash anew %v", test.stored, test.now, ok, rehash)
			}
		}
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
				t.Errorf("%q as the hash of %.20q: verified %v, hash anew %v", stored, password, ok, rehash)
			}
		}
	}
}

// BenchmarkRefusals reports how long each refusal takes, in parts of that of a
// wrong password: an account that does not exist, or whose hash is of another
// kind, must not be told by its time. It asserts nothing, since machines are
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
