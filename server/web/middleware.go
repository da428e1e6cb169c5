package web

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"lychgate/server/origin"
	"lychgate/server/problem"
)

// Tracing configures how requests are logged.
type Tracing struct {
	Log *AccessLog
	// Probe reports whether a path is for health probes, whose successes are
	// logged only at debug level.
	Probe func(path string) bool
}

// requestIDHeader is canonical, as net/http writes it.
const requestIDHeader = "X-Request-Id"

// Trace gives every request an id, and logs it once it is answered, and whether
// the answer was cut off. It logs the path without query, and neither headers
// nor body, so that no secret is logged. A panic is answered like any other
// failure.
func Trace(t Tracing) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			x := exchangeOf(c)
			x.id = newRequestID()
			c.Response().Header()[requestIDHeader] = []string{x.id}
			begun, aborted := time.Now(), true
			defer func() { // also for http.ErrAbortHandler
				t.log(c, begun, aborted)
			}()
			if err := recovered(next, c); err != nil {
				c.Error(err)
			}
			aborted = x.aborted(c)
			return nil
		}
	}
}

func (t Tracing) log(c echo.Context, begun time.Time, aborted bool) {
	took := time.Since(begun)
	r, answer := c.Request(), c.Response()
	level := slog.LevelInfo
	if t.Probe != nil && t.Probe(r.URL.Path) {
		level = slog.LevelDebug
		if answer.Status >= http.StatusBadRequest {
			level = slog.LevelWarn
		}
	}
	t.Log.add(r.Context(), accessLine{
		at: begun.Add(took), level: level,
		id: RequestID(c), method: cut(r.Method, longestMethod), path: cut(r.URL.Path, longestPath),
		status: answer.Status, bytes: answer.Size, took: took, ip: addressOf(c), aborted: aborted,
	})
}

// Recovered does some work, and returns an error for a panic of it; see Loggable.
func Recovered(work func() error) (err error) {
	return recovered(func(echo.Context) error { return work() }, nil)
}

func recovered(work echo.HandlerFunc, c echo.Context) (err error) {
	defer func() {
		switch cause := recover(); cause {
		case nil:
		case http.ErrAbortHandler:
			panic(cause)
		default:
			err = panicError{text: "panic: " + cut(fmt.Sprint(cause), longestText) + "\n" + cut(string(debug.Stack()), longestStack)}
		}
	}()
	return work(c)
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

// SecurityHeaders sets the headers of every answer (ASVS 3.4). Its policy is
// for answers other than pages; pages have their own.
func SecurityHeaders(o origin.Origin, subdomains bool, proxies *Proxies) echo.MiddlewareFunc {
	hsts := "max-age=31536000"
	if subdomains {
		hsts += "; includeSubDomains"
	}
	// Ready slices with canonical names: header.Set would make each anew.
	var (
		options     = []string{"nosniff"}
		referrer    = []string{"strict-origin-when-cross-origin"}
		permissions = []string{"camera=(), geolocation=(), microphone=(), payment=(), usb=()"}
		policy      = []string{"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"}
		transport   = []string{hsts}
	)
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			header := c.Response().Header()
			header["X-Content-Type-Options"] = options
			header["Referrer-Policy"] = referrer
			header["Permissions-Policy"] = permissions
			header["Cross-Origin-Opener-Policy"] = ownOrigin
			header["Content-Security-Policy"] = policy
			// Must not be sent over plain http (RFC 6797, section 7.2).
			if o.Secure() && !proxies.CameInPlain(c.Request()) {
				header["Strict-Transport-Security"] = transport
			}
			return next(c)
		}
	}
}

// Header values that all answers share: header.Set would make each anew.
var (
	notStored = []string{"no-store"}
	ownOrigin = []string{"same-origin"}
)

// NoStore keeps an answer out of all caches.
func NoStore(c echo.Context) { c.Response().Header()["Cache-Control"] = notStored }

// OwnResource keeps other sites from embedding an answer in their pages, where side
// channels could reveal it.
func OwnResource(c echo.Context) { c.Response().Header()["Cross-Origin-Resource-Policy"] = ownOrigin }

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
			if protection.Check(r) == nil {
				return next(c)
			}
			if token, _ := Bearer(r.Header); token != "" && len(r.Header.Values("Cookie")) == 0 {
				return next(c)
			}
			return problem.New(problem.Forbidden, "cross_site_request", "This request came from another site.")
		}
	}
}
