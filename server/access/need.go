package access

import (
	"fmt"
	"slices"
	"strings"
)

// Need is what a page or route asks of its caller. The zero Need is SignedIn,
// so that a forgotten one opens nothing.
type Need struct {
	kind kind
	name string // of the role or plan
}

type kind int

const (
	signedIn kind = iota
	public
	role
	plan
)

// The needs without a name.
var (
	SignedIn = Need{}
	Public   = Need{kind: public}
)

// The roles.
const (
	RoleUser  = "user"
	RoleAdmin = "admin"
)

// Role returns the need for a role.
func Role(name string) Need { return Need{role, name} }

// Plan returns the need for a plan.
func Plan(name string) Need { return Need{plan, name} }

// OfRole reports whether a need is one for a role.
func (n Need) OfRole() bool { return n.kind == role }

// ParseNeed reads public, signed-in, role:NAME or plan:NAME. It checks that a
// role exists; plans are checked against Plans.
func ParseNeed(text string) (Need, error) {
	name, isRole := strings.CutPrefix(text, "role:")
	planName, isPlan := strings.CutPrefix(text, "plan:")
	switch {
	case text == "public":
		return Public, nil
	case text == "signed-in":
		return SignedIn, nil
	case isRole && (name == RoleUser || name == RoleAdmin):
		return Role(name), nil
	case isRole:
		return Need{}, fmt.Errorf("%q: the roles are %s and %s", text, RoleUser, RoleAdmin)
	case isPlan && isID(planName):
		return Plan(planName), nil
	case isPlan:
		return Need{}, fmt.Errorf("%q: %s", text, wantID)
	}
	return Need{}, fmt.Errorf(`%q is not a need: write "public", "signed-in", "role:NAME" or "plan:NAME"`, text)
}

// String returns the form that ParseNeed reads.
func (n Need) String() string {
	switch n.kind {
	case public:
		return "public"
	case role:
		return "role:" + n.name
	case plan:
		return "plan:" + n.name
	default:
		return "signed-in"
	}
}

// AnyOf returns the needs any one of which gives access, sorted, without
// duplicates and without those that a weaker one makes redundant.
func AnyOf(needs []Need) []Need {
	switch {
	case slices.Contains(needs, Public):
		return []Need{Public}
	case slices.Contains(needs, SignedIn):
		return []Need{SignedIn}
	}
	needs = slices.Clone(needs)
	slices.SortFunc(needs, func(a, b Need) int { return strings.Compare(a.String(), b.String()) })
	return slices.Compact(needs)
}
