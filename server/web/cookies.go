package web

import (
	"net/http"
	"net/textproto"
	"slices"
	"strings"
	"time"

	"lychgate/server/origin"
	"lychgate/server/problem"
)

// ErrDuplicateCookies is returned if a session cookie was sent more than once:
// somebody else set all but one, and nobody can tell which.
var ErrDuplicateCookies = problem.New(problem.Unauthenticated, "duplicate_cookies",
	"Your browser has two cookies with the same name for this site, because another program on this host has set one of them. Delete the cookies of this site, or use another host name.")

// Cookies writes and reads the two session cookies.
type Cookies struct {
	origin          origin.Origin
	insecure        bool
	access, refresh string // names
}

// NewCookies returns the cookies of an origin. insecure omits Secure for plain
// http on a network, where browsers would refuse it.
func NewCookies(o origin.Origin, insecure bool) Cookies {
	cookies := Cookies{origin: o, insecure: insecure && !o.Secure() && !o.Loopback(), access: "accessToken", refresh: "refreshToken"}
	if o.Secure() {
		// Sibling hosts cannot set cookies with this prefix (ASVS 3.3.1).
		cookies.access, cookies.refresh = "__Host-"+cookies.access, "__Host-"+cookies.refresh
	}
	return cookies
}

// Set puts both tokens into cookies of the answer to r, for the remaining
// lifetime of the session.
func (k Cookies) Set(r *http.Request, header http.Header, access, refresh string, life time.Duration) {
	k.write(r, header, access, refresh, max(1, int(life/time.Second)))
}

// Clear deletes both cookies.
func (k Cookies) Clear(r *http.Request, header http.Header) { k.write(r, header, "", "", -1) }

func (k Cookies) write(r *http.Request, header http.Header, access, refresh string, maxAge int) {
	// A session may be refreshed and then revoked in the same request: the last
	// cookies win.
	others := slices.DeleteFunc(header.Values(setCookie), func(line string) bool {
		name, _, _ := strings.Cut(line, "=")
		return name == k.access || name == k.refresh
	})
	header.Del(setCookie)
	for _, line := range others {
		header.Add(setCookie, line)
	}
	for _, cookie := range []http.Cookie{{Name: k.access, Value: access}, {Name: k.refresh, Value: refresh}} {
		cookie.Path = "/"
		cookie.MaxAge = maxAge
		cookie.HttpOnly = true
		cookie.Secure = k.secure(r.UserAgent())
		cookie.SameSite = http.SameSiteStrictMode
		header.Add(setCookie, cookie.String())
	}
}

const setCookie = "Set-Cookie"

// secure reports whether the browser accepts Secure cookies from the origin.
func (k Cookies) secure(agent string) bool {
	if k.origin.Secure() {
		return true
	}
	return !k.insecure && (!k.origin.Loopback() || !isSafari(agent))
}

// All returns every token sent in cookies of either name.
func (k Cookies) All(r *http.Request) (access, refresh []string) {
	eachCookie(r.Header, func(name, value string) {
		switch name {
		case k.access:
			access = append(access, value)
		case k.refresh:
			refresh = append(refresh, value)
		}
	})
	return access, refresh
}

// Read returns both tokens, empty if missing, or ErrDuplicateCookies.
func (k Cookies) Read(r *http.Request) (access, refresh string, err error) {
	accesses, refreshes := 0, 0
	eachCookie(r.Header, func(name, value string) {
		switch name {
		case k.access:
			access = value
			accesses++
		case k.refresh:
			refresh = value
			refreshes++
		}
	})
	if accesses > 1 || refreshes > 1 {
		return "", "", ErrDuplicateCookies
	}
	return access, refresh, nil
}

// eachCookie calls f for each cookie that http.Request.Cookies would return, but
// makes nothing for it.
func eachCookie(header http.Header, f func(name, value string)) {
	for _, line := range header["Cookie"] {
		for more := true; more; {
			var pair string
			pair, line, more = strings.Cut(line, ";")
			name, value, _ := strings.Cut(textproto.TrimString(pair), "=")
			name = textproto.TrimString(name)
			if len(value) > 1 && value[0] == '"' && value[len(value)-1] == '"' {
				value = value[1 : len(value)-1]
			}
			if IsToken(name) && isCookieValue(value) {
				f(name, value)
			}
		}
	}
}

// isCookieValue allows what net/http allows: also the space and the comma, which
// RFC 6265, section 4.1.1, does not.
func isCookieValue(value string) bool {
	for i := range len(value) {
		if b := value[i]; b < ' ' || b > '~' || b == '"' || b == ';' || b == '\\' {
			return false
		}
	}
	return true
}

// isSafari recognizes the one browser that refuses Secure cookies on
// http://localhost.
func isSafari(agent string) bool {
	for _, other := range []string{"Chrome", "Chromium", "Edg", "OPR"} {
		if strings.Contains(agent, other) {
			return false
		}
	}
	return strings.Contains(agent, "Version/") && strings.Contains(agent, "Safari/")
}
