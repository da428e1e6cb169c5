package site

import (
	"strings"

	"lychgate/server/web"
)

// choose negotiates the content coding (RFC 9110, section 12.5.3): the
// acceptable one of the highest weight; among equals br, then gzip, then
// identity. A malformed field is ignored. A client that accepts none gets
// identity, because a 406 would help nobody.
func (f *file) choose(acceptEncoding []string) *body {
	best := &f.body
	if len(f.encoded) == 0 || len(acceptEncoding) == 0 {
		return best
	}
	accepted, ok := parseAcceptEncoding(acceptEncoding)
	if !ok {
		return best
	}
	// Identity is acceptable even if not named, but any named coding is
	// preferred.
	weight := max(accepted.weightOf("identity"), 0)
	for i := range f.encoded {
		if w := accepted.weightOf(f.encoded[i].coding[0]); w > 0 && w >= weight {
			best, weight = &f.encoded[i], w
		}
	}
	return best
}

// accepted holds the weights of an Accept-Encoding field in thousandths, -1 for
// codings not named. It has one field for each coding in use, so that parsing
// allocates nothing.
type accepted struct{ br, gzip, identity, others int }

func (a accepted) weightOf(coding string) int {
	weight := -1
	switch coding {
	case "br":
		weight = a.br
	case "gzip":
		weight = a.gzip
	case "identity":
		weight = a.identity
	}
	if weight < 0 {
		return a.others
	}
	return weight
}

// parseAcceptEncoding parses the lines of the field; ok is false if any list
// member is malformed.
func parseAcceptEncoding(lines []string) (a accepted, ok bool) {
	a = accepted{br: -1, gzip: -1, identity: -1, others: -1}
	for _, rest := range lines {
		for more := true; more; {
			var member string
			member, rest, more = strings.Cut(rest, ",")
			coding, parameter, weighted := strings.Cut(member, ";")
			coding = strings.Trim(coding, " \t")
			if coding == "" && !weighted {
				continue // empty list members are allowed (section 5.6.1)
			}
			weight := 1000
			if weighted {
				if weight, ok = parseWeight(strings.Trim(parameter, " \t")); !ok {
					return a, false
				}
			}
			if !web.IsToken(coding) {
				return a, false
			}
			switch {
			case strings.EqualFold(coding, "br"):
				a.br = weight
			case strings.EqualFold(coding, "gzip"), strings.EqualFold(coding, "x-gzip"):
				a.gzip = weight
			case strings.EqualFold(coding, "identity"):
				a.identity = weight
			case coding == "*":
				a.others = weight
			}
		}
	}
	return a, true
}

// parseWeight parses "q=" and a number from 0 to 1 with at most three decimals
// (RFC 9110, section 12.4.2), into thousandths.
func parseWeight(s string) (thousandths int, ok bool) {
	if len(s) < 3 || len(s) > 7 || s[0]|0x20 != 'q' || s[1] != '=' {
		return 0, false
	}
	whole, decimals := s[2], s[3:]
	if whole != '0' && whole != '1' || decimals != "" && decimals[0] != '.' {
		return 0, false
	}
	thousandths = int(whole-'0') * 1000
	for i, unit := 1, 100; i < len(decimals); i, unit = i+1, unit/10 {
		if decimals[i] < '0' || decimals[i] > '9' {
			return 0, false
		}
		thousandths += int(decimals[i]-'0') * unit
	}
	return thousandths, thousandths <= 1000
}
