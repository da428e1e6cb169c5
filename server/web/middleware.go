package web

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
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

// Tracing configures how requests are logged.
type Tracing struct {
	Log *slog.Logger
	// Probe reports whether a path is for health probes, whose successes are
	// logged only at debug level.
	Probe func(path string) bool
	// WriteTime is how long a client may stall while receiving its answer.
	WriteTime time.Duration
}

// Trace gives every request an id and logs it once it is answered, and whether
// the answer was cut off. It logs the path without query, and neither headers
// nor body, so that no secret is logged. A panic is answered like any other
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
			defer func() { // also for http.ErrAbortHandler
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
		slog.Float64("durationMs", float64(took.Microseconds())/1000), slog.String("ip", c.RealIP()))
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

// Loggable returns what to log of an error; a panic includes its whole stack,
// which contains no client input.
func Loggable(err error) any {
	var panicked panicError
	if errors.As(err, &panicked) {
		return ownText(panicked.text)
	}
	return err.Error()
}

// InFlight counts pending requests and makes clients use a new connection: all
// of them while draining, and any that sent a chunked body. Such a request may
// also have a Content-Length, which net/http hides. A proxy that trusts it
// would take the next message for part of the body, so no message may follow
// (RFC 9112, section 6.1).
func InFlight(count *atomic.Int64, draining *atomic.Bool) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			count.Add(1)
			defer count.Add(-1)
			inChunks := len(c.Request().TransferEncoding) > 0
			// Checked when the answer starts, because draining may have begun
			// since.
			c.Response().Before(func() {
				if inChunks || draining.Load() {
					c.Response().Header().Set(echo.HeaderConnection, "close")
				}
			})
			return next(c)
		}
	}
}

// SecurityHeaders sets the headers of every answer (ASVS 3.4). Its policy is
// for answers other than pages; pages have their own.
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
			// Must not be sent over plain http (RFC 6797, section 7.2).
			if o.Secure() && !proxies.CameInPlain(c.Request()) {
				header.Set(echo.HeaderStrictTransportSecurity, hsts)
			}
			return next(c)
		}
	}
}

// longestHost bounds what is repeated of a Host header.
const longestHost = 256

// misdirected says which Host header arrived, which one is expected, and what to
// set. No other answer repeats any of that header. It is quoted, in ASCII, and
// bounded.
func misdirected(o origin.Origin, host string) *problem.Error {
	_, own, _ := strings.Cut(o.String(), "://")
	return problem.New(problem.Misdirected, "misdirected_request", fmt.Sprintf(
		"This server answers only for %s. It expects the Host header %q, but this request has %+q. "+
			"If there is a proxy in front, make it pass on the Host header as the browser sent it, with the port (in nginx: proxy_set_header Host $http_host; not $host, which drops the port). "+
			"If browsers use another address, start the server with --origin set to it.",
		o, own, cut(host, longestHost)))
}

// OwnHost refuses requests for a host other than the origin's, except on paths
// that probes and other services may use under any name.
func OwnHost(o origin.Origin, anyHost func(path string) bool) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			if r := c.Request(); !o.Owns(r.Host) && !anyHost(r.URL.EscapedPath()) {
				return misdirected(o, r.Host)
			}
			return next(c)
		}
	}
}

// SameOrigin refuses cross-site requests that could change something, as
// net/http does. A request with a Bearer token and no cookie carries nothing a
// browser added by itself, so it passes.
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
