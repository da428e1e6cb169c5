package web

import (
	"github.com/labstack/echo/v4"

	"lychgate/server/access"
)

// Require returns the caller if they meet a need; where the need is public, it
// looks for none and returns the zero one. Otherwise it returns an error of
// Caller, or access.ErrForbidden or access.ErrPlanRequired. The subject is
// read at most once per request, and never for a need that an identity meets by
// itself: a deleted account has no session.
func Require(c echo.Context, need access.Need, depth Depth) (access.Identity, error) {
	if need == access.Public {
		return access.Identity{}, nil
	}
	identity, err := Caller(c, depth)
	if err != nil || need == access.SignedIn {
		return identity, err
	}
	k := &exchangeOf(c).caller
	if k.subject == nil {
		subject, err := k.checks.Subject(c.Request().Context(), identity)
		if err != nil {
			return access.Identity{}, err
		}
		k.subject = &subject
	}
	return identity, k.checks.Policy.Check(need, k.subject, k.checks.Now())
}
