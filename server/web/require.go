package web

import (
	"github.com/labstack/echo/v4"

	"lychgate/server/access"
)

// Require returns nil if the caller meets a need. Otherwise it returns an error
// of Caller, or access.ErrForbidden or access.ErrPlanRequired. The subject is
// read at most once per request, and never for a need that an identity meets by
// itself: a deleted account has no session.
func Require(c echo.Context, need access.Need, depth Depth) error {
	if need == access.Public {
		return nil
	}
	identity, err := Caller(c, depth)
	if err != nil || need == access.SignedIn {
		return err
	}
	k := c.Get(callerKey).(*caller)
	if k.subject == nil {
		subject, err := k.checks.Subject(c.Request().Context(), identity)
		if err != nil {
			return err
		}
		k.subject = &subject
	}
	return k.checks.Policy.Check(need, k.subject, k.checks.Now())
}
