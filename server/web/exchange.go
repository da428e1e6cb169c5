package web

import (
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"time"

	"github.com/labstack/echo/v4"
)

// exchange is one request and its answer, as the steps before the router see
// them. It is the writer of the answer, where each step finds it.
type exchange struct {
	answerWriter

	id      string
	caller  caller
	address string // of the client, once it was asked for
	router  echo.HandlerFunc
	// last says whether no other request may follow on the connection.
	last func() bool
}

// Steps joins middleware into one, in its order, and begins each request. Echo
// would join it anew for every request. writeTime is how long a client may stall
// while receiving its answer.
func Steps(writeTime time.Duration, steps ...echo.MiddlewareFunc) echo.MiddlewareFunc {
	run := func(c echo.Context) error { return exchangeOf(c).router(c) }
	for _, step := range slices.Backward(steps) {
		run = step(run)
	}
	return func(router echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			x := &exchange{router: router}
			x.begin(c, writeTime)
			c.Response().Writer = x
			return run(c)
		}
	}
}

// exchangeOf returns what Steps has begun.
func exchangeOf(c echo.Context) *exchange { return c.Response().Writer.(*exchange) }

// newRequestID returns 32 lower-case hex digits. Ids are no secret: they only
// must not meet.
func newRequestID() string {
	const digits = "0123456789abcdef"
	var id [32]byte
	for half := range 2 {
		random := rand.Uint64() //nolint:gosec // see above
		for i := range 16 {
			id[16*half+i] = digits[random&15]
			random >>= 4
		}
	}
	return string(id[:])
}

// RequestID returns the id that Trace gave a request: 32 lower-case hex digits.
func RequestID(c echo.Context) string { return exchangeOf(c).id }

// addressOf returns the client's address.
func addressOf(c echo.Context) string {
	x := exchangeOf(c)
	if x.address == "" {
		x.address = c.RealIP()
	}
	return x.address
}

// InFlight counts pending requests and makes clients use a new connection: all
// of them while draining, and any that sent a chunked body. Such a request may
// also have a Content-Length, which net/http hides. A proxy that trusts it
// would take the next message for part of the body, so no message may follow
// (RFC 9112, section 6.1).
func InFlight(count *atomic.Int64, draining *atomic.Bool) echo.MiddlewareFunc {
	isDraining, inChunks := draining.Load, func() bool { return true }
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			count.Add(1)
			defer count.Add(-1)
			x := exchangeOf(c)
			if x.last = isDraining; len(c.Request().TransferEncoding) > 0 {
				x.last = inChunks
			}
			return next(c)
		}
	}
}

// WriteHeader is called when the answer begins: draining may have begun since the
// request did.
func (x *exchange) WriteHeader(status int) {
	if x.last != nil && x.last() {
		x.Header().Set(echo.HeaderConnection, "close")
	}
	x.ResponseWriter.WriteHeader(status)
}
