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

// Dev replaces a Site during development: pages come from `next dev`, which
// renders them on request. It guards paths, because there are no files yet. The
// needs of chunks, the Content-Security-Policy and caching, which come from a
// build, are missing. It is only for the developer's own machine.
type Dev struct {
	rules access.Rules
	proxy *httputil.ReverseProxy
}

// NewDev returns the pages of the `next dev` at target.
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

// Resolve returns `next dev` for every path that it reads as the guard does.
func (d *Dev) Resolve(escaped string) Target {
	address, malformed := url.PathUnescape(escaped)
	if malformed != nil {
		address = escaped
	}
	found := Target{Needs: []access.Need{export.NeedAt(address, d.rules)}, AnyMethod: isDevTool(escaped)}
	// The guard itself answers wellKnownPath.
	if malformed == nil && !refused(escaped, address) && escaped != wellKnownPath {
		found.Content = d
	}
	return found
}

// NotFound answers without asking `next dev`.
func (d *Dev) NotFound(c echo.Context) error { return nothingHere(c) }

// Serve forwards a request to `next dev`.
func (d *Dev) Serve(c echo.Context) error {
	// Its pages need inline styles and eval, so the policy only forbids
	// framing.
	c.Response().Header().Set("Content-Security-Policy", "frame-ancestors 'none'")
	d.proxy.ServeHTTP(c.Response(), c.Request())
	return nil
}

// isDevTool reports whether a path belongs to a tool of `next dev`: hot reload,
// sources, error overlay. Some use POST.
func isDevTool(escaped string) bool {
	return strings.HasPrefix(escaped, "/_next/") || strings.HasPrefix(escaped, "/__nextjs")
}

// keepOwnCookies removes all cookies except those of `next dev`, which must not
// see the session.
func keepOwnCookies(r *http.Request) {
	cookies := r.Cookies()
	r.Header.Del("Cookie")
	for _, cookie := range cookies {
		if strings.HasPrefix(cookie.Name, "__next") {
			r.AddCookie(cookie)
		}
	}
}

// devIsMissing answers while `next dev` does not, and reloads every second: it
// may be starting.
func devIsMissing(w http.ResponseWriter, target *url.URL, err error) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Retry-After", "1")
	h.Set("Refresh", "1")
	w.WriteHeader(http.StatusServiceUnavailable)
	page := `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="color-scheme" content="light dark"><title>Waiting for next dev</title>` +
		`<h1>Waiting for next dev</h1><p>It does not answer at ` + html.EscapeString(target.String()) + `: ` + html.EscapeString(err.Error()) +
		`</p><p>Start it with <code>make dev</code>, or <code>npm run dev</code> beside this server. This page tries again by itself.</p></html>` + "\n"
	_, _ = w.Write([]byte(page)) // a failure means that the client is gone
}
