package user

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"lychgate/server/problem"
)

const maxNameLength = 100 // characters

// CheckName returns a person's name as it is stored, and its faults. Invisible
// characters are trimmed around it and refused inside it: two names that look the
// same should be the same, and no name may change the direction of the text around
// it.
func CheckName(text string) (string, []problem.Field) {
	fault := func(code, detail string) []problem.Field {
		return []problem.Field{{Field: "name", Code: code, Detail: detail}}
	}
	name := strings.TrimLeftFunc(text, isTrimmed)
	end := len(strings.TrimRightFunc(name, isTrimmed))
	before, _ := utf8.DecodeLastRuneInString(name[:end])
	for _, r := range name[end:] {
		if r == joiner || r == nonJoiner || !belongsTo(before, r) {
			break
		}
		before, end = r, end+utf8.RuneLen(r)
	}
	name = name[:end]

	switch {
	case !utf8.ValidString(text):
		return name, fault("invalid_character", "A name must be valid Unicode text.")
	case name == "" && strings.Trim(text, " \t\r\n") != "":
		return name, fault("invalid_character", "This name has no visible characters. Enter another one, or leave it empty.")
	case utf8.RuneCountInString(name) > maxNameLength:
		return name, fault("too_long", "Use at most 100 characters.")
	case strings.ContainsFunc(name, unicode.IsControl):
		return name, fault("invalid_character", "A name cannot contain control characters.")
	}
	before = 0
	for _, r := range name {
		if isUnseen(r) && !unicode.Is(unicode.Zs, r) && !belongsTo(before, r) {
			return name, fault("invalid_character", "There is an invisible character in this name. Type it by hand.")
		}
		before = r
	}
	return name, nil
}
