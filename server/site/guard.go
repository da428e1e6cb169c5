package site

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"html"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"lychgate/server/access"
	"lychgate/server/problem"
	"lychgate/server/web"
)

// errMethod is for all paths outside /api/: pages accept only GET and HEAD.
var errMethod = web.MethodNotAllowed("GET, HEAD")

// Guard answers every request that is not for the router: it checks the
// caller's access to the file at the path, then serves it.
type Guard struct {
	Pages Pages
	// Require returns the caller if they meet a need, as web.Require does. A
	// refusal is an error of access.Policy.Check or web.ErrDuplicateCookies;
	// any other error means that the check failed.
	Require func(c echo.Context, need access.Need, depth web.Depth) (access.Identity, error)
	// Routed reports whether an escaped path is for the router, as in Options.
	Routed func(path string) bool

	// NoMetadata says that browsers send no Sec-Fetch-Mode, because the origin
	// is plain http and not loopback.
	NoMetadata bool

	Return         web.ReturnPaths // the login page, and where people go from there
	Billing        string          // the page that sells plans
	ChangePassword string          // the page where a password is changed
}

// Middleware returns the guard as the last step before the router; register it
// with Pre.
func (g *Guard) Middleware() echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			escaped := escapedPath(c.Request().URL)
			if isRouted(escaped, g.Routed) {
				return next(c)
			}
			return g.answer(c, escaped)
		}
	}
}

// isRouted compares the path as sent: other spellings are not for the router
// either.
func isRouted(escaped string, routed func(path string) bool) bool {
	return strings.HasPrefix(escaped, "/api/") || routed != nil && routed(escaped)
}

func (g *Guard) answer(c echo.Context, escaped string) error {
	found := g.Pages.Resolve(escaped)
	if method := c.Request().Method; !found.AnyMethod && method != http.MethodGet && method != http.MethodHead {
		return errMethod
	}
	if !isPublic(found.Needs) {
		if err := g.admit(c, found); err != nil {
			return g.refuse(c, escaped, found, err)
		}
		web.OwnResource(c)
	}
	switch {
	case found.Page != "":
		return redirect(c, http.StatusPermanentRedirect, (&url.URL{Path: found.Page, RawQuery: c.QueryString()}).String())
	case found.Content != nil:
		return found.Content.Serve(c)
	case escaped == wellKnownPath && g.Pages.Resolve(g.ChangePassword).Content != nil:
		return redirect(c, http.StatusSeeOther, g.ChangePassword)
	default:
		return g.Pages.NotFound(c)
	}
}

// admit returns nil if the caller meets one of the target's needs.
func (g *Guard) admit(c echo.Context, found Target) (err error) {
	depth := web.Refreshing
	if found.Build || slices.ContainsFunc(found.Needs, access.Need.OfRole) {
		// Browsers may cache a build file, and a page hidden from the caller
		// must look like a missing one: neither answer may set a cookie.
		depth = web.Peeking
	}
	for _, need := range found.Needs {
		if _, err = g.Require(c, need, depth); err == nil || !isUnmet(err) {
			return err
		}
	}
	return err
}

// isUnmet reports whether an error says that a subject does not meet a need.
func isUnmet(err error) bool {
	return errors.Is(err, access.ErrForbidden) || errors.Is(err, access.ErrPlanRequired)
}

// isNobody reports whether an error says that the caller is not signed in,
// rather than that the check failed.
func isNobody(err error) bool {
	return errors.Is(err, problem.ErrUnauthenticated) || errors.Is(err, web.ErrDuplicateCookies)
}

// refuse answers a caller without access to a target; why is the reason.
//
//	               nobody                  without the role   without the plan
//	navigation     303 to the login page   404                303 to the billing page
//	anything else  401                     404                403
//	build file     404                     404                404
func (g *Guard) refuse(c echo.Context, escaped string, found Target, why error) error {
	known := isNobody(why) || isUnmet(why)
	if known && found.Build || errors.Is(why, access.ErrForbidden) {
		return g.Pages.NotFound(c)
	}
	web.OwnResource(c)
	switch r := c.Request(); {
	case !known, !g.isNavigation(r):
		// Never a redirect: the client router would cache it as the page's
		// content.
		return why
	case errors.Is(why, access.ErrPlanRequired):
		return redirect(c, http.StatusSeeOther, g.Billing+"?next="+g.next(r, escaped))
	case isCrossSite(r):
		return continuePage(c, here(r, escaped))
	default:
		login := g.Return.Login + "?next=" + g.next(r, escaped)
		if errors.Is(why, web.ErrDuplicateCookies) {
			// Signing in would not help, so the login page must not redirect
			// back.
			login += "&error=" + web.ErrDuplicateCookies.Code
		}
		return redirect(c, http.StatusSeeOther, login)
	}
}

// here returns path and query of a request as sent.
func here(r *http.Request, escaped string) string {
	if r.URL.RawQuery == "" {
		return escaped
	}
	return escaped + "?" + r.URL.RawQuery
}

// next returns the return path of a request, escaped for a query.
func (g *Guard) next(r *http.Request, escaped string) string {
	return url.QueryEscape(g.Return.Safe(here(r, escaped)))
}

// wellKnownPath is where password managers look for the page to change a
// password (A Well-Known URL for Changing Passwords, section 3).
const wellKnownPath = "/.well-known/change-password"

// isNavigation reports whether a browser navigates, or a client without fetch
// metadata might.
func (g *Guard) isNavigation(r *http.Request) bool {
	mode := r.Header["Sec-Fetch-Mode"]
	if mode != nil && (len(mode) != 1 || mode[0] != "navigate") {
		return false
	}
	if mode == nil && g.NoMetadata && r.Method == http.MethodHead {
		return false // a prefetch by the client router
	}
	for _, header := range []string{"Rsc", "Next-Router-Prefetch", "Next-Router-State-Tree", "Next-Router-Segment-Prefetch"} {
		if _, sent := r.Header[header]; sent {
			return false
		}
	}
	return !strings.HasSuffix(r.URL.Path, ".txt")
}

// isCrossSite reports whether a navigation comes from another site, so that
// SameSite=Strict cookies were not sent even if they exist.
func isCrossSite(r *http.Request) bool {
	return r.Method == http.MethodGet &&
		r.Header.Get("Sec-Fetch-Site") == "cross-site" &&
		r.Header.Get("Sec-Fetch-Dest") == "document"
}

// keepFragment continues if the address has a fragment, which servers never
// see. A refresh to the same address would only scroll to it without a request,
// so the page first changes its address. Before that it takes the colours of the
// system, which a policy without styles lets only a script do: a white page would
// flash in the dark.
const keepFragment = `document.documentElement.style.colorScheme="light dark";const here=location.href;if(location.hash){history.replaceState(null,"","/");location.replace(here)}`

var keepFragmentHash = sha256.Sum256([]byte(keepFragment))

var continuePolicy = "default-src 'none'; script-src 'sha256-" + base64.StdEncoding.EncodeToString(keepFragmentHash[:]) +
	"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// continuePage makes the browser repeat the request from a page of this site,
// and so with its cookies. It cannot loop: the second request is same-origin.
func continuePage(c echo.Context, here string) error {
	web.NoStore(c)
	h := c.Response().Header()
	h.Set("Refresh", "0")
	h.Set("Content-Security-Policy", continuePolicy)
	page := `<!doctype html><html lang="en"><meta charset="utf-8"><title>Continue</title>` +
		`<p><a href="` + html.EscapeString(here) + `">Continue</a></p><script>` + keepFragment + `</script></html>` + "\n"
	return write(c, http.StatusOK, "text/html; charset=utf-8", page)
}

// redirect sends the client to a path of this origin, without a body that could
// reveal more.
func redirect(c echo.Context, status int, location string) error {
	web.NoStore(c)
	c.Response().Header()["Location"] = []string{location}
	c.Response().WriteHeader(status)
	return nil
}

// write answers with the given text.
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
