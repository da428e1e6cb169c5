package user

import (
	"strings"
	"unicode"
)

const (
	nonJoiner = '\u200c'
	joiner    = '\u200d'
	blackFlag = '\U0001f3f4' // what emoji of regions' flags begin with
)

// isUnseen reports whether a character is invisible: spaces, controls, what the
// Unicode Standard calls default ignorable (section 5.21), and a few whose glyphs
// are blank.
func isUnseen(r rune) bool {
	switch r {
	case '\u2800', '\U0001d159': // a braille cell without dots, a note without head
		return true
	}
	return unicode.IsSpace(r) || unicode.IsControl(r) || isIgnorable(r)
}

// isIgnorable reports whether a character is a format character that is not
// shown itself, or ignorable for another reason, such as the Hangul fillers.
func isIgnorable(r rune) bool {
	return unicode.In(r, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) &&
		!unicode.In(r, unicode.Prepended_Concatenation_Mark) && // shown around the digits that follow
		(r < 0x13430 || r > 0x13440) // places hieroglyphs
}

// trimUnseen drops the invisible characters around a text that pasting brings
// along. It leaves control characters other than spaces for the checks to find.
func trimUnseen(text string) string {
	return strings.TrimFunc(text, isTrimmed)
}

func isTrimmed(r rune) bool {
	return isUnseen(r) && (!unicode.IsControl(r) || unicode.IsSpace(r))
}

// belongsTo reports whether an invisible character is part of how the one before
// it is written: joiners of Persian or Indic letters and of emoji,
// variation selectors, the tags of a flag.
func belongsTo(before, r rune) bool {
	selected := unicode.Is(unicode.Variation_Selector, before)
	switch {
	case r == joiner || r == nonJoiner:
		return selected || !isUnseen(before)
	case unicode.Is(unicode.Variation_Selector, r):
		return !isUnseen(before)
	case isTag(r):
		return before == blackFlag || isTag(before)
	}
	return false
}

func isTag(r rune) bool { return 0xe0020 <= r && r <= 0xe007f }
