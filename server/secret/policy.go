package secret

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"fmt"
	"io"
	"strings"
	"sync"
	"unicode/utf8"

	"lychgate/server/problem"
)

// MaxPasswordLength is the greatest length of a password, in characters
// (ASVS 6.2.9 asks for at least 64).
const MaxPasswordLength = 256

// product is refused as a password too (ASVS 6.2.11: context-specific words).
const product = "lychgate"

//go:embed common-passwords.txt.gz
var commonPasswordsGzip []byte

var commonPasswords = sync.OnceValue(func() map[string]bool {
	reader, err := gzip.NewReader(bytes.NewReader(commonPasswordsGzip))
	if err != nil {
		panic(fmt.Errorf("the embedded list of common passwords: %w", err))
	}
	text, err := io.ReadAll(reader)
	if err != nil {
		panic(fmt.Errorf("the embedded list of common passwords: %w", err))
	}
	set := make(map[string]bool)
	for word := range strings.Lines(string(text)) {
		set[strings.TrimSuffix(word, "\n")] = true
	}
	return set
})

// PasswordPolicy is the rule for new passwords. There is none about which
// characters they are made of (ASVS 6.2.5).
type PasswordPolicy struct {
	MinLength int // in characters, at least 8 (ASVS 6.2.1)
}

// Check returns the faults of a new password under the name of its input
// field; personal are words of the person's own, such as the e-mail address
// and the name, which are refused whole and in their parts.
func (p PasswordPolicy) Check(field, password string, personal ...string) []problem.Field {
	fault := func(code, detail string, arguments ...any) []problem.Field {
		return []problem.Field{{Field: field, Code: code, Detail: fmt.Sprintf(detail, arguments...)}}
	}
	length := utf8.RuneCountInString(password)
	switch {
	case password == "":
		return fault("required", "Choose a password.")
	case length < p.MinLength:
		return fault("too_short", "Use at least %d characters.", p.MinLength)
	case length > MaxPasswordLength:
		return fault("too_long", "Use at most %d characters.", MaxPasswordLength)
	case strings.Contains(password, "\x00") || !utf8.ValidString(password):
		return fault("invalid_character", "A password is made of Unicode characters other than NUL.")
	}
	lower := strings.ToLower(password)
	if commonPasswords()[lower] {
		return fault("too_common", "This is one of the most common passwords. Choose another.")
	}
	for _, word := range append(personal, product) {
		if isPart(lower, strings.ToLower(word)) {
			return fault("personal", "Do not use your e-mail address, your name or ours as the password.")
		}
	}
	return nil
}

// isPart reports whether password is text, or a run of neighbouring parts of
// it, such as "ada.lovelace" or "example.com" of an e-mail address.
func isPart(password, text string) bool {
	for start := 0; start < len(text); {
		at := strings.Index(text[start:], password)
		if at < 0 {
			return false
		}
		from, to := start+at, start+at+len(password)
		if (from == 0 || isSeparator(text[from-1])) && (to == len(text) || isSeparator(text[to])) {
			return true
		}
		start = from + 1
	}
	return false
}

func isSeparator(b byte) bool { return strings.IndexByte(" @.+-_", b) >= 0 }
