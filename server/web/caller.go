package web

import (
	"context"
	"time"

	"github.com/labstack/echo/v4"

	"lychgate/server/access"
)

// Depth says how far the search for an identity may go.
type Depth int

const (
	// Refreshing lets a good refresh cookie refresh the session in passing,
	// which sets cookies on the answer.
	Refreshing Depth = iota
	// Peeking accepts a good refresh cookie too, but rotates nothing and sets
	// no cookie: for answers that may be cached.
	Peeking
)

// Authenticator finds out who is calling. It returns problem.ErrUnauthenticated
// for nobody, and a problem of kind Unavailable when it cannot know.
type Authenticator func(c echo.Context, depth Depth) (access.Identity, error)

// Checks answer Caller and Require.
type Checks struct {
	Authenticate Authenticator
	// Subject returns the person behind an identity, or
	// problem.ErrUnauthenticated when the account is gone. It is asked for needs
	// of role and plan alone.
	Subject func(ctx context.Context, identity access.Identity) (access.Subject, error)
	Policy  access.Policy
	Now     func() time.Time
}

const callerKey = "lychgate.caller"

// caller is what is known of one request's caller so far.
type caller struct {
	checks        *Checks
	authenticated bool
	identity      access.Identity
	err           error
	subject       *access.Subject
}

// Authenticate makes the checks answer Caller and Require for every request.
// Nothing is verified until somebody asks, so that a public file costs no
// signature.
func Authenticate(checks Checks) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			c.Set(callerKey, &caller{checks: &checks})
			return next(c)
		}
	}
}

// Caller returns who is calling; guard and API ask nobody else. The first
// answer holds for the whole request. It returns problem.ErrUnauthenticated
// for nobody, and a problem of kind Unavailable when it cannot be known.
func Caller(c echo.Context, depth Depth) (access.Identity, error) {
	k := c.Get(callerKey).(*caller)
	if !k.authenticated {
		k.identity, k.err = k.checks.Authenticate(c, depth)
		k.authenticated = true
	}
	return k.identity, k.err
}

// secondsUp returns d in whole seconds, rounded up: what Retry-After wants.
func secondsUp(d time.Duration) int {
	return int((d + time.Second - 1) / time.Second)
}
