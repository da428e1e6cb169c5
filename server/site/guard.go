package site

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"html"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"lychgate/server/problem"
	"lychgate/server/web"
)

// errMethod is for everything outside /api/: only GET and HEAD get pages.
var errMethod = web.MethodNotAllowed("GET, HEAD")

// Guard answers every request that is not the router's: it decides who may
// have the file, then serves it. Register it with Pre, as the last one there
// and after web.WhoIsCalling.
func (s *Site) Guard() echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			escaped := escapedPath(c.Request().URL)
			if isRouted(escaped, s.routed) {
				return next(c)
			}
			return s.answer(c, escaped)
		}
	}
}

// isRouted goes by the path as it came: what is spelled in another way is not
// the router's either.
func isRouted(escaped string, routed func(path string) bool) bool {
	return strings.HasPrefix(escaped, "/api/") || routed != nil && routed(escaped)
}

func (s *Site) answer(c echo.Context, escaped string) error {
	if method := c.Request().Method; method != http.MethodGet && method != http.MethodHead {
		return errMethod
	}
	found := s.resolve(escaped)
	if found.label == protected {
		ownResource(c)
	}
	if found.label != public {
		// A protected asset may be kept by the browser, so nothing may set a
		// cookie on its answer.
		depth := web.Refreshing
		if found.label == protectedAsset {
			depth = web.Peeking
		}
		if _, err := web.Caller(c, depth); isNobody(err) {
			return s.refuse(c, escaped, found, err)
		} else if err != nil {
			return err
		}
		ownResource(c)
	}
	switch {
	case found.page != "":
		return redirect(c, http.StatusPermanentRedirect, (&url.URL{Path: found.page, RawQuery: c.QueryString()}).String())
	case found.file == nil && escaped == wellKnownPath && s.pages[securityPath] != nil:
		return redirect(c, http.StatusSeeOther, securityPath)
	case found.file == nil:
		return s.notFound(c)
	default:
		return found.file.serve(c)
	}
}

// isNobody reports whether an error of web.Caller says that nobody is signed
// in, as against that it cannot be known.
func isNobody(err error) bool {
	return errors.Is(err, problem.ErrUnauthenticated) || errors.Is(err, web.ErrDuplicateCookies)
}

// Password managers ask wellKnownPath for the page where a password is
// changed (A Well-Known URL for Changing Passwords, section 3).
const (
	wellKnownPath = "/.well-known/change-password"
	securityPath  = "/dashboard/settings/security"
)

// ownResource keeps other sites from embedding what is protected in their
// pages, where side channels could tell what is in it. A protected asset that
// a stranger asks for must answer like one that does not exist, so it is said
// of those only to who may have them.
func ownResource(c echo.Context) {
	c.Response().Header().Set("Cross-Origin-Resource-Policy", "same-origin")
}

// refuse answers a stranger, for whom a protected asset does not exist.
func (s *Site) refuse(c echo.Context, escaped string, found target, why error) error {
	if found.label == protectedAsset {
		return s.notFound(c)
	}
	return turnAway(c, escaped, why)
}

// turnAway answers a stranger at a protected page. A navigation is sent to
// sign in. Anything else gets 401 and never a redirect, which the client
// router would remember as the page's content. The page that signs people in is
// told of duplicate cookies: signing in would not help, and it does not send
// anybody back.
func turnAway(c echo.Context, escaped string, why error) error {
	r := c.Request()
	here := escaped
	if r.URL.RawQuery != "" {
		here += "?" + r.URL.RawQuery
	}
	switch {
	case !isNavigation(r):
		return why
	case isCrossSite(r):
		return continuePage(c, here)
	default:
		login := loginPath + "?next=" + url.QueryEscape(SafeNext(here))
		if errors.Is(why, web.ErrDuplicateCookies) {
			login += "&error=" + web.ErrDuplicateCookies.Code
		}
		return redirect(c, http.StatusSeeOther, login)
	}
}

// isNavigation reports whether a browser asks for a page to show, or a client
// that sends no fetch metadata does.
func isNavigation(r *http.Request) bool {
	mode := r.Header["Sec-Fetch-Mode"]
	if mode != nil && (len(mode) != 1 || mode[0] != "navigate") {
		return false
	}
	for _, header := range []string{"Rsc", "Next-Router-Prefetch", "Next-Router-State-Tree", "Next-Router-Segment-Prefetch"} {
		if _, sent := r.Header[header]; sent {
			return false
		}
	}
	return !strings.HasSuffix(r.URL.Path, ".txt")
}

// isCrossSite reports whether a navigation comes from a link on another site,
// so that a SameSite=Strict cookie was not sent whether there is one or not.
func isCrossSite(r *http.Request) bool {
	return r.Method == http.MethodGet &&
		r.Header.Get("Sec-Fetch-Site") == "cross-site" &&
		r.Header.Get("Sec-Fetch-Dest") == "document"
}

// keepFragment goes on where the address has a fragment, which no server sees.
// A refresh to the same address would only jump to it, and ask for nothing: so
// the page takes another address first.
const keepFragment = `const here=location.href;if(location.hash){history.replaceState(null,"","/");location.replace(here)}`

var keepFragmentHash = sha256.Sum256([]byte(keepFragment))

var continuePolicy = "default-src 'none'; script-src 'sha256-" + base64.StdEncoding.EncodeToString(keepFragmentHash[:]) +
	"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// continuePage makes the browser ask again, now from a page of this site, and
// so with its cookies. It cannot loop: the second request is same-origin.
func continuePage(c echo.Context, here string) error {
	noStore(c)
	h := c.Response().Header()
	h.Set("Refresh", "0")
	h.Set("Content-Security-Policy", continuePolicy)
	page := `<!doctype html><html lang="en"><meta charset="utf-8"><title>Continue</title>` +
		`<p><a href="` + html.EscapeString(here) + `">Continue</a></p><script>` + keepFragment + `</script></html>` + "\n"
	return write(c, http.StatusOK, "text/html; charset=utf-8", page)
}

// redirect sends the client to a path of this origin, with no body that could
// say more.
func redirect(c echo.Context, status int, location string) error {
	noStore(c)
	c.Response().Header().Set("Location", location)
	c.Response().WriteHeader(status)
	return nil
}

func noStore(c echo.Context) { c.Response().Header().Set("Cache-Control", "no-store") }

// write answers with a text of our own.
func write(c echo.Context, status int, contentType, text string) error {
	h := c.Response().Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Length", strconv.Itoa(len(text)))
	return writeBody(c, status, []byte(text))
}

func writeBody(c echo.Context, status int, body []byte) error {
	c.Response().WriteHeader(status)
	if c.Request().Method == http.MethodHead {
		return nil
	}
	_, err := c.Response().Write(body)
	return err
}
