package site

import (
	"html"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"lychgate/server/web"
)

// Dev stands in for a Site while its pages are being made: they come from
// `next dev`, which renders them on request. The same guard is in front, on
// paths instead of files, for there are none yet. What a build adds is
// missing: the labels of chunks, the Content-Security-Policy and the caching.
// It is for one's own machine alone.
type Dev struct {
	routed    func(path string) bool
	protected prefixes
	proxy     *httputil.ReverseProxy
}

// NewDev returns the pages of a `next dev` that answers at target. It refuses
// protected paths as New does.
func NewDev(target *url.URL, opts Options) (*Dev, error) {
	protected, err := checkedPrefixes(opts.Protected)
	if err != nil {
		return nil, err
	}
	return &Dev{routed: opts.Routed, protected: protected, proxy: &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			keepOwnCookies(r.Out)
		},
		FlushInterval: -1, // pages are streamed
		ErrorHandler:  func(w http.ResponseWriter, _ *http.Request, err error) { devIsMissing(w, target, err) },
	}}, nil
}

// Guard is that of a Site.
func (d *Dev) Guard() echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			escaped := escapedPath(c.Request().URL)
			if isRouted(escaped, d.routed) {
				return next(c)
			}
			return d.answer(c, escaped)
		}
	}
}

func (d *Dev) answer(c echo.Context, escaped string) error {
	if method := c.Request().Method; !isDevTool(escaped) && method != http.MethodGet && method != http.MethodHead {
		return errMethod
	}
	address, malformed := url.PathUnescape(escaped)
	if malformed != nil {
		address = escaped
	}
	if d.protected.holds(address) {
		if _, err := web.Caller(c, web.Refreshing); isNobody(err) {
			return turnAway(c, escaped, err)
		} else if err != nil {
			return err
		}
	}
	if malformed != nil || refused(escaped, address) {
		noStore(c)
		return write(c, http.StatusNotFound, "text/plain; charset=utf-8", "There is nothing at this address.\n")
	}
	if escaped == wellKnownPath {
		return redirect(c, http.StatusSeeOther, securityPath)
	}
	// Its pages need inline styles and eval, so the policy is no more than that
	// nobody may frame them.
	c.Response().Header().Set("Content-Security-Policy", "frame-ancestors 'none'")
	d.proxy.ServeHTTP(c.Response(), c.Request())
	return nil
}

// isDevTool reports whether a path is that of the tools of `next dev`: hot
// reload, sources, error overlay. Some are asked with POST.
func isDevTool(escaped string) bool {
	return strings.HasPrefix(escaped, "/_next/") || strings.HasPrefix(escaped, "/__nextjs")
}

// keepOwnCookies takes away the cookies that are none of `next dev`'s own: the
// session is nobody's business there.
func keepOwnCookies(r *http.Request) {
	cookies := r.Cookies()
	r.Header.Del("Cookie")
	for _, cookie := range cookies {
		if strings.HasPrefix(cookie.Name, "__next") {
			r.AddCookie(cookie)
		}
	}
}

// devIsMissing answers when `next dev` does not, and asks again every second:
// it may just be starting.
func devIsMissing(w http.ResponseWriter, target *url.URL, err error) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Retry-After", "1")
	h.Set("Refresh", "1")
	w.WriteHeader(http.StatusServiceUnavailable)
	page := `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="color-scheme" content="light dark"><title>Waiting for next dev</title>` +
		`<h1>Waiting for next dev</h1><p>It does not answer at ` + html.EscapeString(target.String()) + `: ` + html.EscapeString(err.Error()) +
		`</p><p>Start it with <code>make dev</code>, or <code>npm run dev</code> beside this server. This page asks again by itself.</p></html>` + "\n"
	_, _ = w.Write([]byte(page)) // a client that is gone needs no page
}
