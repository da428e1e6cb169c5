package web

import (
	"time"

	"github.com/labstack/echo/v4"
)

// Identity is who is calling, as far as a verified token tells.
type Identity struct {
	UserID    string
	SessionID string
}

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

// Identify finds out who is calling. It returns problem.ErrUnauthenticated
// for nobody, and a problem of kind Unavailable when it cannot know.
type Identify func(c echo.Context, depth Depth) (Identity, error)

const identifyKey = "lychgate.identify"

type identified struct {
	identify Identify
	done     bool
	identity Identity
	err      error
}

// WhoIsCalling makes identify answer Caller for every request. Nothing is
// verified until somebody asks, so that a public file costs no signature.
func WhoIsCalling(identify Identify) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			c.Set(identifyKey, &identified{identify: identify})
			return next(c)
		}
	}
}

// Caller returns who is calling; guard and API ask nobody else. The first
// answer holds for the whole request. It returns problem.ErrUnauthenticated
// for nobody, and a problem of kind Unavailable when it cannot be known.
func Caller(c echo.Context, depth Depth) (Identity, error) {
	state := c.Get(identifyKey).(*identified)
	if !state.done {
		state.identity, state.err = state.identify(c, depth)
		state.done = true
	}
	return state.identity, state.err
}

// secondsUp returns d in whole seconds, rounded up: what Retry-After wants.
func secondsUp(d time.Duration) int {
	return int((d + time.Second - 1) / time.Second)
}
