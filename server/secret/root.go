package secret

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"unicode"

	"github.com/gofrs/flock"
)

// MinRootBytes is the minimum length of a root secret (the security level of
// HMAC-SHA-256; RFC 2104, section 3).
const MinRootBytes = 32

// ErrUnsealable is returned by Open for a blob sealed under another root
// secret, or altered.
var ErrUnsealable = errors.New("cannot be opened with this secret")

// Root is the secret of one installation. All keys are derived from it, and it
// is kept outside the database, so that the database alone is not enough to
// forge anything.
type Root struct{ bytes []byte }

// samples are the well-known phrases that secrets in documentation and
// templates consist of, without word separators.
var samples = []string{
	"changeme", "changethis", "replaceme", "replacethis", "yoursecret", "your256bitsecret", "mysecret", "supersecret",
	"verysecret", "secretkey", "jwtsecret", "insecure", "example", "donotuse", "dontuse", "stringsecretatleast256bitslong",
}

// isSample reports whether too little of a secret remains without samples.
func isSample(text string) bool {
	letters := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, text)
	own := letters
	for _, sample := range samples {
		own = strings.ReplaceAll(own, sample, "")
	}
	return own != letters && len(own) < MinRootBytes
}

// whereFrom is where an operator gets a secret that is accepted.
const whereFrom = "make one with openssl rand -base64 32; a database that exists already needs the secret it was made with, from a backup"

// NewRoot returns the root secret given by an operator. It refuses samples and
// fewer than MinRootBytes bytes.
func NewRoot(text string) (Root, error) {
	text = strings.TrimSpace(text)
	if len(text) < MinRootBytes {
		return Root{}, fmt.Errorf("the secret has %d bytes; at least %d are needed: %s", len(text), MinRootBytes, whereFrom)
	}
	if isSample(text) {
		return Root{}, errors.New("the secret is a sample that others know: " + whereFrom)
	}
	return Root{bytes: []byte(text)}, nil
}

// LoadRoot reads the root secret from a file.
func LoadRoot(path string) (Root, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Root{}, err // an *fs.PathError names the file
	}
	root, err := NewRoot(string(text))
	if err != nil {
		return Root{}, fmt.Errorf("%s: %w", path, err)
	}
	return root, nil
}

// LoadOrCreateRoot reads the root secret from a file, creating it with mode
// 0600 if necessary. Two processes that start together get the same secret: the
// file appears complete or not at all, and is never replaced.
func LoadOrCreateRoot(path string) (Root, error) {
	root, err := LoadRoot(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return root, err
	}
	random := make([]byte, MinRootBytes)
	rand.Read(random) // never fails: it ends the program instead
	if err := createWhole(path, base64.StdEncoding.EncodeToString(random)+"\n"); err != nil {
		return Root{}, fmt.Errorf("create the secret: %w", err)
	}
	return LoadRoot(path)
}

// link is os.Link, replaced in tests of file systems without links.
var link = os.Link

// createWhole creates a file that others only see complete; an existing one
// stays.
func createWhole(path, text string) (err error) {
	temporary, err := os.CreateTemp(filepath.Dir(path), ".secret-*") // has mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if removeErr := os.Remove(temporary.Name()); removeErr != nil && !errors.Is(removeErr, fs.ErrNotExist) {
			err = errors.Join(err, removeErr)
		}
	}()
	_, writeErr := temporary.WriteString(text)
	if err := errors.Join(writeErr, temporary.Sync(), temporary.Close()); err != nil {
		return err
	}
	err = link(temporary.Name(), path)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		// vfat and some network and FUSE file systems have no links.
		err = renameUnlessThere(temporary.Name(), path)
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	directory, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	err = directory.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP) { // not supported by every file system
		err = nil
	}
	return errors.Join(err, directory.Close())
}

// renameUnlessThere names a file in one step, as a link does. A rename would
// replace an existing file, so processes take turns and the second finds the
// first one's file.
func renameUnlessThere(temporary, path string) error {
	turn := flock.New(path+".lock", flock.SetPermissions(0o600))
	if err := turn.Lock(); err != nil {
		return err
	}
	defer turn.Unlock() //nolint:errcheck // a lock that cannot be released goes with the process
	if _, err := os.Lstat(path); err == nil {
		return fs.ErrExist
	}
	return os.Rename(temporary, path)
}

// context separates our keys from those that others derive. It is in two parts
// because it must outlast a renaming of the program: with another one, no stored
// key could be opened and no long password verified.
const context = "lych" + "gate "

// derive returns the 32-byte key for one purpose (HKDF, RFC 5869).
func (r Root) derive(purpose string) []byte {
	key, err := hkdf.Key(sha256.New, r.bytes, nil, context+purpose, sha256.Size)
	if err != nil {
		panic(err) // only a length beyond 255 hashes fails
	}
	return key
}

// MAC returns a function that authenticates text for one purpose
// (HMAC-SHA-256, 256 bits).
func (r Root) MAC(purpose string) func(text string) []byte {
	key := r.derive(purpose)
	return func(text string) []byte {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(text))
		return mac.Sum(nil)
	}
}

// Seal encrypts and authenticates plain under the root secret (AES-256-GCM);
// label is bound to it and must be given to Open.
func (r Root) Seal(label string, plain []byte) []byte {
	return r.aead().Seal(nil, nil, plain, []byte(label))
}

// Open returns what Seal was given, or ErrUnsealable.
func (r Root) Open(label string, sealed []byte) ([]byte, error) {
	plain, err := r.aead().Open(nil, nil, sealed, []byte(label))
	if err != nil {
		return nil, ErrUnsealable // the cause adds nothing
	}
	return plain, nil
}

func (r Root) aead() cipher.AEAD {
	block, err := aes.NewCipher(r.derive("seal"))
	if err != nil {
		panic(err) // only a key of a wrong length fails
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err) // only a block size other than 16 fails
	}
	return aead
}
