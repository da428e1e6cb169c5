package password

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"fmt"
	"io"
	"strings"
	"sync"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"lychgate/server/problem"
)

// MaxLength is the maximum length of a password in characters (ASVS 6.2.9
// requires at least 64).
const MaxLength = 256

// product is also refused as a password (ASVS 6.2.11: context-specific words).
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

// Policy is the policy for new passwords. It has no composition rules (ASVS
// 6.2.5).
type Policy struct {
	MinLength int // in characters, at least 8 (ASVS 6.2.1)
}

// Check returns the field errors of a new password. personal are words such as
// the person's e-mail address and name, which are refused whole and in parts.
func (p Policy) Check(field, password string, personal ...string) []problem.Field {
	fault := func(code, detail string, arguments ...any) []problem.Field {
		return []problem.Field{{Field: field, Code: code, Detail: fmt.Sprintf(detail, arguments...)}}
	}
	length := utf8.RuneCountInString(norm.NFC.String(password)) // the form that is hashed
	switch {
	case password == "":
		return fault("required", "Choose a password.")
	case length < p.MinLength:
		return fault("too_short", "Use at least %d characters.", p.MinLength)
	case length > MaxLength:
		return fault("too_long", "Use at most %d characters.", MaxLength)
	case strings.Contains(password, "\x00") || !utf8.ValidString(password):
		return fault("invalid_character", "A password must be valid Unicode text without NUL characters.")
	}
	folded := fold(password)
	switch {
	case commonPasswords()[folded]:
		return fault("too_common", "This is one of the most common passwords. Choose another.")
	case isRepetition(folded):
		return fault("too_common", "Use more than one or two different characters.")
	case isRun(folded):
		return fault("too_common", "Do not use a run of characters such as 12345678.")
	}
	for _, word := range append(personal, product) {
		if isPart(folded, fold(word)) {
			return fault("personal", "Do not use your e-mail address, your name or ours as the password.")
		}
	}
	return nil
}

// fold removes differences that readers do not notice, such as case or
// full-width digits, before a comparison with easily guessed words.
func fold(text string) string {
	return norm.NFKC.String(strings.ToLower(norm.NFKC.String(text)))
}

// isRepetition reports whether a text consists of one or two characters.
func isRepetition(text string) bool {
	distinct := make(map[rune]bool)
	for _, r := range text {
		distinct[r] = true
	}
	return len(distinct) <= 2
}

// isRun reports whether the characters of a text are in sequence, up or down:
// "abcdefgh", "87654321". Digits and Latin letters wrap around, as in
// "7890123".
func isRun(text string) bool {
	runes := []rune(text)
	ascending, descending := true, true
	for i, r := range runes[1:] {
		ascending = ascending && follows(runes[i], r)
		descending = descending && follows(r, runes[i])
	}
	return ascending || descending
}

func follows(before, after rune) bool {
	switch before {
	case '9':
		return after == '0'
	case 'z':
		return after == 'a'
	}
	return after == before+1
}

// isPart reports whether password is text or a run of its adjacent parts, such
// as "ada.lovelace" or "example.com" of an e-mail address.
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
