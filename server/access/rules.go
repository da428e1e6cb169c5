package access

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// Rules map paths to needs: the rule with the longest prefix decides. With the
// zero Rules everything is public.
type Rules struct{ rules []Rule } // the longest path first

// Rule is a rule for the page at a path and everything below it.
type Rule struct {
	Path string
	Need Need
}

// Pages are the pages that the rules must leave reachable.
type Pages struct {
	Login   string // signs people in: it must be public
	Billing string // sells plans: it must not ask for one
}

// Of returns the rule for a path; ok is false where none applies, and the path
// is public.
func (r Rules) Of(path string) (rule Rule, ok bool) {
	for _, rule := range r.rules {
		if Covers(rule.Path, path) {
			return rule, true
		}
	}
	return Rule{Need: Public}, false
}

// All returns the rules, longest paths first.
func (r Rules) All() []Rule { return slices.Clone(r.rules) }

// Covers reports whether a path is the prefix itself or lies below it.
func Covers(prefix, path string) bool {
	rest, ok := strings.CutPrefix(path, prefix)
	return ok && (rest == "" || rest[0] == '/')
}

// readRules reads {"/dashboard": "signed-in", …}.
func readRules(file File, plans Plans, pages Pages) (Rules, error) {
	members, err := readMembers(file.Text)
	if err != nil {
		return Rules{}, fmt.Errorf(`%s: want an object such as {"/dashboard": "signed-in"}: %w`, file.Name, err)
	}
	var rules Rules
	var faults []error
	known := make(map[string]bool)
	for _, m := range members {
		fault := func(words string) { faults = append(faults, fmt.Errorf("%s: %q: %s", file.Name, m.name, words)) }
		need, err := ParseNeed(m.value)
		if err != nil {
			fault(err.Error())
		} else if unknown := plans.check(need); unknown != nil && plans.includes != nil { // else the plans are at fault
			fault(unknown.Error())
		}
		if known[m.name] {
			fault("it is there twice")
		}
		known[m.name] = true
		if words := faultOfPath(m.name); words != "" {
			fault(words)
		} else if err == nil {
			rules.rules = append(rules.rules, Rule{m.name, need})
		}
	}
	slices.SortStableFunc(rules.rules, func(a, b Rule) int { return len(b.Path) - len(a.Path) })
	if rule, _ := rules.Of(pages.Login); rule.Need != Public {
		faults = append(faults, fmt.Errorf("%s: %q: nobody could reach %s, the page that signs people in", file.Name, rule.Path, pages.Login))
	}
	if rule, _ := rules.Of(pages.Billing); rule.Need.kind == plan {
		faults = append(faults, fmt.Errorf("%s: %q: nobody without a plan could reach %s, the page that sells plans", file.Name, rule.Path, pages.Billing))
	}
	return rules, errors.Join(faults...)
}

// faultOfPath says why a rule cannot have this path, or returns "".
func faultOfPath(p string) string {
	switch {
	case !strings.HasPrefix(p, "/") || p == "/" || path.Clean(p) != p || strings.ContainsAny(p, `\;%?#`) || hasControl(p) || !utf8.ValidString(p):
		return "want a clean absolute path below /, such as /dashboard"
	case Covers("/api", p) || Covers("/_next", p):
		return "the guard does not answer there"
	}
	for _, suffix := range []string{".html", ".txt"} {
		if page, ok := strings.CutSuffix(p, suffix); ok {
			return "name the page, " + page + ": its files go with it"
		}
	}
	return ""
}

func hasControl(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 || r == 0x7f })
}

// member is one member of a JSON object.
type member struct{ name, value string }

// readMembers reads a JSON object of strings and nothing after it. It keeps
// duplicate names, so that they are reported with the other faults.
func readMembers(text []byte) ([]member, error) {
	d := jsontext.NewDecoder(bytes.NewReader(text), jsontext.AllowDuplicateNames(true))
	var members []member
	if token, err := d.ReadToken(); err != nil {
		return nil, err
	} else if token.Kind() != '{' {
		return nil, errors.New("it is not an object")
	}
	for d.PeekKind() != '}' {
		name, err := d.ReadToken()
		if err != nil {
			return nil, err
		}
		m := member{name: name.String()}
		value, err := d.ReadToken()
		if err != nil {
			return nil, err
		}
		if value.Kind() != '"' {
			return nil, fmt.Errorf("the value of %q is not text", m.name)
		}
		m.value = value.String()
		members = append(members, m)
	}
	if _, err := d.ReadToken(); err != nil {
		return nil, err
	}
	if _, err := d.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is more after the object")
	}
	return members, nil
}
