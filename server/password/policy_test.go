package password_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"lychgate/server/password"
)

func TestPasswordPolicy(t *testing.T) {
	const email, name = "ada.byronking+sites@mail.example.com", "Ada King Byronking"
	for _, test := range []struct {
		password string
		least    int
		want     string // code of the fault; empty where it is accepted
	}{
		{"correct horse battery staple", 8, ""},
		{"", 8, "required"},
		{"1234567", 8, "too_short"},
		{"äöüßäöü", 8, "too_short"}, // characters, not bytes
		{"äöüßäöüß", 8, ""},
		{"🔑🔒🗝🔐🚪🧱🪟🏠", 8, ""},
		{"eightchr", 8, ""},
		{"eightchr", 9, "too_short"},
		{"fourteen chars", 15, "too_short"},
		{"fifteen chars 1", 15, ""},
		{strings.Repeat("äöü", 85) + "ß", 8, ""},
		{strings.Repeat("äöü", 85) + "ßß", 8, "too_long"},
		// Length counts the composed form.
		{strings.Repeat("e\u0301", 3) + "uvwx", 8, "too_short"},
		{strings.Repeat("e\u0301u\u0308o", 85) + "x", 8, ""},
		{"with\x00a nul", 8, "invalid_character"},
		{"not UTF-8 \xff\xfe", 8, "invalid_character"},
		{"\t tabs \n and such", 8, ""},

		{"password", 8, "too_common"},
		{"Password", 8, "too_common"},
		{"PASSWORD", 8, "too_common"},
		{"pAsSwOrD1", 8, "too_common"},
		{"12345678", 8, "too_common"},
		{"iloveyou", 8, "too_common"},
		{"password in a phrase", 8, ""},
		{"ｐａｓｓｗｏｒｄ", 8, "too_common"},
		{"ｉloveyou", 8, "too_common"},

		{"aaaaaaaa", 8, "too_common"},
		{"AaAaaAAa", 8, "too_common"},
		{"aａaａaａaａ", 8, "too_common"},
		{"abababab", 8, "too_common"},
		{"xxxxxxxxxxxxxxxy", 8, "too_common"},
		{"        ", 8, "too_common"},
		{"🔑🔒🔑🔑🔒🔒🔒🔑", 8, "too_common"},
		{strings.Repeat("e\u0301E\u0301", 4), 8, "too_common"},
		{"abcabcab", 8, ""},
		{"87654321", 8, "too_common"},
		{"01234567890", 8, "too_common"},
		{"56789012345678901234", 8, "too_common"},
		{"32109876543", 8, "too_common"},
		{"１２３４５６７８９０１２", 8, "too_common"},
		{"abcdefgh", 8, "too_common"},
		{"mNoPqRsT", 8, "too_common"},
		{"uvwxyzabc", 8, "too_common"},
		{"hgfedcba", 8, "too_common"},
		{"абвгдежз", 8, "too_common"},
		{"αβγδεζηθ", 8, "too_common"},
		{"345678923", 8, ""},
		{"abcdefgh1", 8, ""},
		{"acegikmo", 8, ""},

		{email, 8, "personal"},
		{strings.ToUpper(email), 8, "personal"},
		{"ada.byronking", 8, "personal"},
		{"byronking", 8, "personal"},
		{"Byronking", 8, "personal"},
		{"byronking+sites", 8, "personal"},
		{"sites@mail", 8, "personal"},
		{"example.com", 8, "personal"},
		{"mail.example.com", 8, "personal"},
		{"ada king", 8, "personal"},
		{"ADA KING BYRONKING", 8, "personal"},
		{"lychgate", 1, "personal"},
		{"LYCHGATE", 1, "personal"},
		{"ｂｙｒｏｎｋｉｎｇ", 8, "personal"},
		{"ada\u00a0king", 8, "personal"},
		// Parts of words and extended words are accepted.
		{"byronkin.", 8, ""},
		{"xample.com", 8, ""},
		{"byronking1", 8, ""},
		{"ada.byronking rules the waves", 8, ""},
		{"lychgate and more", 8, ""},
	} {
		faults := password.Policy{MinLength: test.least}.Check("newPassword", test.password, email, name)
		got := ""
		if len(faults) == 1 {
			got = faults[0].Code
		}
		if got != test.want || len(faults) > 1 {
			t.Errorf("%q, at least %d: %+v, want %q", test.password, test.least, faults, test.want)
		}
		for _, fault := range faults {
			if fault.Field != "newPassword" || fault.Detail == "" || strings.Contains(fault.Detail, "%!") {
				t.Errorf("%q: %+v", test.password, fault)
			}
		}
	}
}

// An empty name or address has no parts.
func TestPasswordPolicyWithoutPersonalWords(t *testing.T) {
	for _, personal := range [][]string{nil, {""}, {"", ""}, {"@"}, {" "}} {
		if faults := (password.Policy{MinLength: 8}).Check("password", "correct horse", personal...); faults != nil {
			t.Errorf("%q: %+v", personal, faults)
		}
	}
}

// ASVS 6.2.4 requires the 3000 most common ones that meet the policy.
func TestCommonPasswords(t *testing.T) {
	fitting := 0
	policy := password.Policy{MinLength: 8}
	for word := range password.CommonPasswords() {
		if word != strings.ToLower(word) || word != strings.TrimSpace(word) || !utf8.ValidString(word) || word == "" {
			t.Errorf("%q is not as the list should have it: lower-case, without spaces around it", word)
		}
		if utf8.RuneCountInString(word) < 8 {
			continue
		}
		fitting++
		for _, variant := range []string{word, strings.ToUpper(word), strings.ToUpper(word[:1]) + word[1:]} {
			if faults := policy.Check("password", variant); len(faults) != 1 || faults[0].Code != "too_common" {
				t.Errorf("%q: %+v", variant, faults)
			}
		}
	}
	t.Logf("%d common passwords fit the policy", fitting)
	if fitting < 3000 {
		t.Errorf("%d common passwords fit the policy, want at least 3000", fitting)
	}
}
