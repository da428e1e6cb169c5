package site

import (
	"html"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"lychgate/server/access"
	"lychgate/server/site/export"
)

// Dev stands in for a Site while its pages are being made: they come from
// `next dev`, which renders them on request. Paths are guarded instead of
// files, for there are none yet. What a build adds is missing: the needs of
// chunks, the Content-Security-Policy and the caching. It is for one's own
// machine alone.
type Dev struct {
	rules access.Rules
	proxy *httputil.ReverseProxy
}

// NewDev returns the pages of a `next dev` that answers at target.
func NewDev(target *url.URL, rules access.Rules) *Dev {
	return &Dev{rules: rules, proxy: &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			keepOwnCookies(r.Out)
		},
		FlushInterval: -1, // pages are streamed
		ErrorHandler:  func(w http.ResponseWriter, _ *http.Request, err error) { devIsMissing(w, target, err) },
	}}
}

// Resolve returns `next dev` for every path that it would read as the guard
// does.
func (d *Dev) Resolve(escaped string) Target {
	address, malformed := url.PathUnescape(escaped)
	if malformed != nil {
		address = escaped
	}
	found := Target{Needs: []access.Need{export.NeedAt(address, d.rules)}, AnyMethod: isDevTool(escaped)}
	// Of wellKnownPath the guard knows more than `next dev`.
	if malformed == nil && !refused(escaped, address) && escaped != wellKnownPath {
		found.Content = d
	}
	return found
}

// NotFound answers where nothing was asked of `next dev`.
func (d *Dev) NotFound(c echo.Context) error { return nothingHere(c) }

// Serve passes a request on to `next dev`.
func (d *Dev) Serve(c echo.Context) error {
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
