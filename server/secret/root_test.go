package secret_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"lychgate/server/secret"
)

func newRoot(t testing.TB, text string) secret.Root {
	t.Helper()
	root, err := secret.NewRoot(strings.Repeat(text, secret.MinRootBytes))
	if err != nil {
		t.Fatal(err)
	}
	return root
}

func TestSealAndOpen(t *testing.T) {
	root := newRoot(t, "a")
	for _, plain := range [][]byte{nil, {0}, []byte("a key"), bytes.Repeat([]byte("x"), 100_000)} {
		sealed := root.Seal("label", plain)
		if opened, err := root.Open("label", sealed); err != nil || !bytes.Equal(opened, plain) {
			t.Errorf("%d bytes: opened %d, %v", len(plain), len(opened), err)
		}
		if len(plain) > 1 && bytes.Contains(sealed, plain) {
			t.Error("the plaintext is visible in the sealed blob")
		}
		if bytes.Equal(sealed, root.Seal("label", plain)) {
			t.Error("sealing twice gives the same blob")
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	root := newRoot(t, "a")
	sealed := root.Seal("label", []byte("a key"))
	refuse := func(name string, root secret.Root, label string, sealed []byte) {
		t.Helper()
		if plain, err := root.Open(label, sealed); !errors.Is(err, secret.ErrUnsealable) || plain != nil {
			t.Errorf("%s: %q, %v", name, plain, err)
		}
	}
	refuse("another label", root, "Label", sealed)
	refuse("no label", root, "", sealed)
	refuse("another secret", newRoot(t, "b"), "label", sealed)
	for i := range len(sealed) * 8 {
		flipped := bytes.Clone(sealed)
		flipped[i/8] ^= 1 << (i % 8)
		refuse("a flipped bit", root, "label", flipped)
	}
	for i := range sealed {
		refuse("an end cut off", root, "label", sealed[:i])
		refuse("a beginning cut off", root, "label", sealed[i+1:])
	}
	refuse("more behind it", root, "label", append(bytes.Clone(sealed), 0))
	refuse("nothing", root, "label", nil)
}

// Keys for different purposes are independent.
func TestPurposesAreApart(t *testing.T) {
	seen := map[string]bool{}
	for _, root := range []secret.Root{newRoot(t, "a"), newRoot(t, "b")} {
		for _, purpose := range []string{"refresh token", "long password", ""} {
			mac := root.MAC(purpose)("text")
			if len(mac) != 32 || seen[string(mac)] {
				t.Errorf("purpose %q: %x", purpose, mac)
			}
			seen[string(mac)] = true
		}
	}
}

// What was stored once is opened for ever, also after a renaming of the program.
func TestKeysStayTheSame(t *testing.T) {
	const want = "848d58449bf6e2167771f7d58c29168f8cb82dc6e2c2028de542b16e2abd007c"
	if got := fmt.Sprintf("%x", newRoot(t, "a").MAC("refresh token")("text")); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestNewRoot(t *testing.T) {
	exact := strings.Repeat("x", secret.MinRootBytes)
	same := func(a, b secret.Root) bool { return bytes.Equal(a.MAC("test")("x"), b.MAC("test")("x")) }
	want := newRoot(t, "x")
	for _, test := range []struct {
		text string
		ok   bool
	}{
		{exact, true}, {exact + "\n", true}, {exact + "\r\n", true}, {" " + exact + "\t", true},
		{exact[1:], false}, {exact[1:] + "\n", false}, {exact[1:] + strings.Repeat(" ", 40), false}, {"", false}, {strings.Repeat("\n", 40), false},
	} {
		root, err := secret.NewRoot(test.text)
		if (err == nil) != test.ok {
			t.Errorf("%q: %v", test.text, err)
		}
		if err == nil && !same(root, want) {
			t.Errorf("%q is another secret", test.text)
		}
		if err != nil && strings.Contains(err.Error(), "xxx") {
			t.Errorf("the fault quotes the secret: %v", err)
		}
	}
}

func TestSamplesAreRefused(t *testing.T) {
	for _, text := range []string{
		"a-string-secret-at-least-256-bits-long", "your-256-bit-secret-your-256-bit-secret", "please change me please change me now",
		"CHANGE_ME_CHANGE_ME_CHANGE_ME_CHANGE_ME", "super_secret_key_for_the_production_server", "insecure_session_secret_insecure_session",
		"my-secret-my-secret-my-secret-my-secret", "this is an example of a long session key",
	} {
		if _, err := secret.NewRoot(text); err == nil || strings.Contains(err.Error(), text) {
			t.Errorf("%q: %v", text, err)
		}
	}
	for range 1000 {
		if _, err := secret.NewRoot("app.example.com " + rand.Text() + rand.Text()); err != nil {
			t.Fatal(err)
		}
	}
}

// Some file systems have no links: vfat, some of networks, some of FUSE.
func TestLoadOrCreateRootWithoutLinks(t *testing.T) {
	defer secret.RefuseLinks()()
	testLoadOrCreateRoot(t, "secret", "secret.lock")
}

func TestLoadOrCreateRoot(t *testing.T) { testLoadOrCreateRoot(t, "secret") }

func testLoadOrCreateRoot(t *testing.T, left ...string) {
	t.Helper()
	// Whatever the umask lets through, the secret is for its owner alone.
	defer syscall.Umask(syscall.Umask(0))
	dir := t.TempDir()
	path := filepath.Join(dir, "secret")
	var (
		all sync.WaitGroup
		mu  sync.Mutex
		got = map[string]int{}
	)
	for range 20 {
		all.Go(func() {
			root, err := secret.LoadOrCreateRoot(path)
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			got[string(root.MAC("test")("x"))]++
		})
	}
	all.Wait()
	if len(got) != 1 {
		t.Errorf("%d different secrets were made at once", len(got))
	}
	entries, err := os.ReadDir(dir)
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	if err != nil || !slices.Equal(names, left) {
		t.Fatalf("there is %v, %v, want %v", names, err, left)
	}
	if info, err := entries[0].Info(); err != nil || info.Mode() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	text, err := os.ReadFile(path)
	if err != nil || len(strings.TrimSpace(string(text))) < 43 { // 32 bytes in base64
		t.Errorf("the file holds %d bytes, %v", len(text), err)
	}
	root, err := secret.LoadRoot(path)
	if err != nil || got[string(root.MAC("test")("x"))] != 20 {
		t.Errorf("read again it is another secret: %v", err)
	}
}

// Of two processes that start at once on a file system without links, one makes
// the secret, and what the other one reads is whole.
func TestProcessesMakeOneSecretWithoutLinks(t *testing.T) {
	if path := os.Getenv("MAKE_SECRET"); path != "" {
		secret.RefuseLinks()
		root, err := secret.LoadOrCreateRoot(path)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Printf("secret %x\n", root.MAC("test")("x"))
		return
	}
	for range 5 {
		path := filepath.Join(t.TempDir(), "secret")
		var (
			all sync.WaitGroup
			mu  sync.Mutex
			got = map[string]int{}
		)
		for range 4 {
			all.Go(func() {
				child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestProcessesMakeOneSecretWithoutLinks$")
				child.Env = append(os.Environ(), "MAKE_SECRET="+path)
				output, err := child.CombinedOutput()
				if err != nil {
					t.Errorf("%v: %s", err, output)
				}
				mu.Lock()
				defer mu.Unlock()
				got[regexp.MustCompile(`secret \w+`).FindString(string(output))]++
			})
		}
		all.Wait()
		root, err := secret.LoadRoot(path)
		if err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprintf("secret %x", root.MAC("test")("x")); len(got) != 1 || got[want] != 4 {
			t.Errorf("secrets: %v", got)
		}
	}
}

func TestLoadRootRefuses(t *testing.T) {
	for _, test := range []struct {
		name    string
		prepare func(t *testing.T, path string)
		want    string
	}{
		{"a short one", func(t *testing.T, path string) { write(t, path, "too short\n") }, "the secret has 9 bytes"},
		{"an empty file", func(t *testing.T, path string) { write(t, path, "") }, "the secret has 0 bytes"},
		{"a directory", func(t *testing.T, path string) {
			if err := os.Mkdir(path, 0o700); err != nil {
				t.Fatal(err)
			}
		}, "is a directory"},
		{"no directory to put it in", func(t *testing.T, path string) {
			if err := os.Remove(filepath.Dir(path)); err != nil {
				t.Fatal(err)
			}
		}, "no such file or directory"},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "secret")
			test.prepare(t, path)
			before, _ := os.ReadFile(path)
			_, err := secret.LoadOrCreateRoot(path)
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), filepath.Dir(path)) {
				t.Errorf("error %v, want %q and the path", err, test.want)
			}
			if after, _ := os.ReadFile(path); !bytes.Equal(after, before) {
				t.Errorf("the file holds %q now", after)
			}
		})
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
