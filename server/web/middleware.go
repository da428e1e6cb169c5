package web

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/labstack/echo/v4"

	"lychgate/server/origin"
	"lychgate/server/problem"
)

const requestIDKey = "lychgate.requestID"

// RequestID returns the id of a request: 32 lower-case hex digits.
func RequestID(c echo.Context) string {
	id, _ := c.Get(requestIDKey).(string)
	return id
}

// Tracing says how requests are logged.
type Tracing struct {
	Log *slog.Logger
	// Probe reports whether a path is asked for by probes of health, again and
	// again: successes there are logged at debug level only.
	Probe func(path string) bool
	// WriteTime is how long a client may take nothing of its answer.
	WriteTime time.Duration
}

// Trace gives every request an id, and logs it when it is answered: the path
// without its query, no header and no body, so that nothing secret is logged,
// and whether the answer was cut off. A panic becomes an answer like any other
// failure.
func Trace(t Tracing) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			var random [16]byte
			rand.Read(random[:]) // never fails: it ends the program instead
			id := hex.EncodeToString(random[:])
			c.Set(requestIDKey, id)
			c.Response().Header().Set(echo.HeaderXRequestID, id)
			answer := newAnswerWriter(c.Response().Writer, t.WriteTime)
			c.Response().Writer = answer

			begun, aborted := time.Now(), true
			defer func() { // also when net/http is asked to cut the connection
				t.log(c, time.Since(begun), aborted)
			}()
			if err := Recovered(func() error { return next(c) }); err != nil {
				c.Error(err)
			}
			aborted = answer.aborted(c)
			return nil
		}
	}
}

func (t Tracing) log(c echo.Context, took time.Duration, aborted bool) {
	r, answer := c.Request(), c.Response()
	level := slog.LevelInfo
	if t.Probe != nil && t.Probe(r.URL.Path) {
		level = slog.LevelDebug
		if answer.Status >= http.StatusBadRequest {
			level = slog.LevelWarn
		}
	}
	line := make([]slog.Attr, 0, 8)
	line = append(line,
		slog.String("requestId", RequestID(c)),
		slog.String("method", cut(r.Method, longestMethod)), slog.String("path", cut(r.URL.Path, longestPath)),
		slog.Int("status", answer.Status), slog.Int64("bytes", answer.Size),
		slog.Duration("duration", took), slog.String("ip", c.RealIP()))
	if aborted {
		line = append(line, slog.Bool("aborted", true))
	}
	t.Log.LogAttrs(r.Context(), level, "request", line...)
}

// Recovered does some work, and returns an error for a panic of it; see Loggable.
func Recovered(work func() error) (err error) {
	defer func() {
		switch cause := recover(); cause {
		case nil:
		case http.ErrAbortHandler:
			panic(cause)
		default:
			err = panicError{text: "panic: " + cut(fmt.Sprint(cause), longestText) + "\n" + cut(string(debug.Stack()), longestStack)}
		}
	}()
	return work()
}

// panicError is a panic, with its stack.
type panicError struct{ text string }

func (e panicError) Error() string { return e.text }

// Loggable returns what is logged of an error: a panic with all of its stack,
// in which no client writes.
func Loggable(err error) any {
	var panicked panicError
	if errors.As(err, &panicked) {
		return ownText(panicked.text)
	}
	return err.Error()
}

// InFlight counts the requests that are being answered, and tells clients to
// come back on another connection: all of them once draining, and whoever sent
// a body in chunks. Such a request may have named a length as well, of which
// net/http tells nobody: a proxy that went by the length takes what comes next
// for a part of it, so nothing may come next (RFC 9112, section 6.1).
func InFlight(count *atomic.Int64, draining *atomic.Bool) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			count.Add(1)
			defer count.Add(-1)
			inChunks := len(c.Request().TransferEncoding) > 0
			// Asked when the answer begins, for draining may have begun since.
			c.Response().Before(func() {
				if inChunks || draining.Load() {
					c.Response().Header().Set(echo.HeaderConnection, "close")
				}
			})
			return next(c)
		}
	}
}

// SecurityHeaders sets the headers that every answer carries (ASVS 3.4). The
// policy is the one for answers that are no page; pages have their own.
func SecurityHeaders(o origin.Origin, subdomains bool, proxies *Proxies) echo.MiddlewareFunc {
	hsts := "max-age=31536000"
	if subdomains {
		hsts += "; includeSubDomains"
	}
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			header := c.Response().Header()
			header.Set(echo.HeaderXContentTypeOptions, "nosniff")
			header.Set(echo.HeaderReferrerPolicy, "strict-origin-when-cross-origin")
			header.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
			header.Set("Cross-Origin-Opener-Policy", "same-origin")
			header.Set(echo.HeaderContentSecurityPolicy, "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
			// Over plain http it must not be sent (RFC 6797, section 7.2).
			if o.Secure() && !proxies.CameInPlain(c.Request()) {
				header.Set(echo.HeaderStrictTransportSecurity, hsts)
			}
			return next(c)
		}
	}
}

// OwnHost refuses requests for a host that is not the origin's, but for the
// paths that probes and other services ask by any name.
func OwnHost(o origin.Origin, anyHost func(path string) bool) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			if r := c.Request(); !o.Owns(r.Host) && !anyHost(r.URL.EscapedPath()) {
				return problem.New(problem.Misdirected, "misdirected_request",
					"This server answers for "+o.String()+" only. If it should answer for this host, start it with --origin set to the address that browsers use, and let a proxy pass the Host header on.")
			}
			return next(c)
		}
	}
}

// SameOrigin refuses cross-site requests that could change something, exactly
// as net/http does. A request with a Bearer token and no cookie carries
// nothing that a browser added by itself, so it passes.
func SameOrigin() echo.MiddlewareFunc {
	protection := http.NewCrossOriginProtection()
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			r := c.Request()
			token, _ := Bearer(r.Header)
			bearer := token != "" && len(r.Header.Values("Cookie")) == 0
			if err := protection.Check(r); err != nil && !bearer {
				return problem.New(problem.Forbidden, "cross_site_request", "This request came from another site.")
			}
			return next(c)
		}
	}
}
