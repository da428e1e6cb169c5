package user

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"

	"lychgate/server/problem"
)

const (
	maxEmailLength = 254 // RFC 5321, section 4.5.3.1.3, less the angle brackets
	maxLocalLength = 64  // RFC 5321, section 4.5.3.1.1
)

// CanonicalEmail returns the one form in which an address is stored: compatibility
// forms folded, lower-case, the domain in ASCII (RFC 5891), invisible characters
// around it trimmed. It returns a fault of the field email for invisible characters
// inside the address, and for whatever mail servers could read in different ways:
// quoted local parts, comments, address literals, a second @ that only appears once
// the text is normalised.
func CanonicalEmail(text string) (string, error) {
	if len(text) > 4*maxEmailLength {
		return "", emailFault("too_long", "This e-mail address is too long.")
	}
	// Folding comes first: what is checked is what is stored.
	folded := trimUnseen(norm.NFKC.String(text))
	if folded == "" {
		return "", emailFault("required", "Enter your e-mail address.")
	}
	unseen := emailFault("invalid_character", "There is an invisible character in this address. Type it by hand.")
	if hides(text, joiner, nonJoiner) { // a domain may need joiners, by its script
		return "", unseen
	}
	// Lower case comes after the check for ASCII, since some foreign capitals
	// have an ASCII small letter.
	local, domain, found := strings.Cut(folded, "@")
	domain, err := idna.Lookup.ToASCII(domain)
	foreign := strings.ContainsFunc(local, func(r rune) bool { return r > unicode.MaxASCII })
	local, domain = strings.ToLower(local), strings.ToLower(domain)
	if !found || foreign || !utf8.ValidString(text) || err != nil || !isDotAtom(local) || !isHost(domain) {
		if hides(text) {
			return "", unseen
		}
		return "", emailFault("invalid_email", "Enter an e-mail address such as name@example.com.")
	}
	if len(local) > maxLocalLength || len(local)+1+len(domain) > maxEmailLength {
		return "", emailFault("too_long", "This e-mail address is too long.")
	}
	return local + "@" + domain, nil
}

// hides reports whether a text holds an invisible character, other than ordinary
// spaces and those that are allowed.
func hides(text string, allowed ...rune) bool {
	return strings.ContainsFunc(trimUnseen(text), func(r rune) bool {
		return isUnseen(r) && !strings.ContainsRune(" \t\r\n", r) && !slices.Contains(allowed, r)
	})
}

func emailFault(code, detail string) error {
	return problem.Faults(problem.Field{Field: "email", Code: code, Detail: detail})
}

// isDotAtom reports whether a local part needs no quotes (RFC 5322, section
// 3.2.3).
func isDotAtom(local string) bool {
	for atom := range strings.SplitSeq(local, ".") {
		if atom == "" || strings.ContainsFunc(atom, func(r rune) bool { return !isAtomText(r) }) {
			return false
		}
	}
	return true
}

func isAtomText(r rune) bool {
	return isLetterOrDigit(r) || strings.ContainsRune("!#$%&'*+/=?^_`{|}~-", r)
}

func isLetterOrDigit(r rune) bool {
	return 'a' <= r && r <= 'z' || '0' <= r && r <= '9'
}

// isHost reports whether a domain is made of labels as DNS knows them (RFC
// 1123, section 2.1), the last of which is no number: that would be an
// address.
func isHost(domain string) bool {
	last := ""
	for label := range strings.SplitSeq(domain, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' ||
			strings.ContainsFunc(label, func(r rune) bool { return !isLetterOrDigit(r) && r != '-' }) {
			return false
		}
		last = label
	}
	return strings.ContainsFunc(last, func(r rune) bool { return r < '0' || r > '9' })
}
