package web

import (
	"context"
	"time"

	"github.com/labstack/echo/v4"

	"lychgate/server/access"
)

// Depth says how far authentication may go.
type Depth int

const (
	// Refreshing allows a valid refresh cookie to refresh the session, which
	// sets cookies on the answer.
	Refreshing Depth = iota
	// Peeking accepts a valid refresh cookie too, but neither rotates nor sets
	// cookies, for answers that may be cached.
	Peeking
)

// Authenticator authenticates the caller of a request. It returns
// problem.ErrUnauthenticated without valid credentials, and a problem of kind
// Unavailable when it cannot tell.
type Authenticator func(c echo.Context, depth Depth) (access.Identity, error)

// Checks are what Caller and Require use.
type Checks struct {
	Authenticate Authenticator
	// Subject returns the person behind an identity, or
	// problem.ErrUnauthenticated if the account is gone. It is called only for
	// needs of role and plan.
	Subject func(ctx context.Context, identity access.Identity) (access.Subject, error)
	Policy  access.Policy
	Now     func() time.Time
}

// caller is what is known about the caller of one request.
type caller struct {
	checks        *Checks
	authenticated bool
	identity      access.Identity
	err           error
	subject       *access.Subject
}

// Authenticate makes Caller and Require available to every request. It verifies
// nothing until one is called, so that public files cost no signature check.
func Authenticate(checks Checks) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			exchangeOf(c).caller.checks = &checks
			return next(c)
		}
	}
}

// Caller returns the authenticated caller; guard and API share it. The first
// result holds for the whole request. It returns problem.ErrUnauthenticated
// without valid credentials, and a problem of kind Unavailable when it cannot
// tell.
func Caller(c echo.Context, depth Depth) (access.Identity, error) {
	k := &exchangeOf(c).caller
	if !k.authenticated {
		k.identity, k.err = k.checks.Authenticate(c, depth)
		k.authenticated = true
	}
	return k.identity, k.err
}

// secondsUp returns d in whole seconds, rounded up, for Retry-After.
func secondsUp(d time.Duration) int {
	return int((d + time.Second - 1) / time.Second)
}
