package user

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"lychgate/server/problem"
)

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
		email, err := CanonicalEmail(text)
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
		if again, err := CanonicalEmail(email); again != email {
			t.Fatalf("%q: %q becomes %q (%v)", text, email, again, err)
		}
		if shouted, err := CanonicalEmail(" " + strings.ToUpper(email) + "\t"); shouted != email {
			t.Fatalf("%q: %q in capitals becomes %q (%v)", text, email, shouted, err)
		}
		for _, r := range unseen {
			if pasted, err := CanonicalEmail(string(r) + text + string([]rune{' ', r, r})); pasted != email {
				t.Fatalf("%q: with %U around it %q becomes %q (%v)", text, r, email, pasted, err)
			}
			hiding := email[:1] + string(r) + email[1:]
			if got, err := CanonicalEmail(hiding); got != "" || problem.From(err).Fields[0].Code != "invalid_character" {
				t.Fatalf("%q becomes %q (%v)", hiding, got, err)
			}
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
