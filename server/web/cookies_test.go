package web_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"lychgate/server/config"
	"lychgate/server/origin"
	"lychgate/server/servertest"
	"lychgate/server/web"
)

const (
	chrome       = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"
	edge         = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0"
	edgeOnIPhone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 EdgiOS/141.0.0.0 Mobile/15E148 Safari/605.1.15"
	opera        = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Safari/537.36 OPR/123.0.0.0"
	firefox      = "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0"
	safari       = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15"
	iPhone       = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1"
	iPad         = "Mozilla/5.0 (iPad; CPU OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1"
	// Chrome on an iPhone is WebKit, but does not send Version/; nobody
	// develops against loopback there.
	chromeOnIPhone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/141.0.0.0 Mobile/15E148 Safari/604.1"
)

// at sets the public origin.
func at(t *testing.T, text string) func(*config.Config) {
	t.Helper()
	public, err := origin.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return func(c *config.Config) {
		c.Origin = public
		c.InsecureCookies = !public.Secure() && !public.Loopback()
	}
}

// browser returns a client that uses a host.
func browser(s *servertest.Server, host string) *servertest.Client {
	client := s.Client()
	client.Header.Set("Host", host)
	return client
}

func TestCookies(t *testing.T) {
	for _, test := range []struct {
		name, origin, host, agent string
		prefix                    string
		secure                    bool
	}{
		{"https", "https://app.example.com", "app.example.com", chrome, "__Host-", true},
		{"https, Safari", "https://app.example.com", "app.example.com", safari, "__Host-", true},
		{"https on loopback, Safari", "https://localhost:8443", "localhost:8443", safari, "__Host-", true},
		{"loopback, Chrome", "http://localhost:8080", "localhost:8080", chrome, "", true},
		{"loopback, Firefox", "http://localhost:8080", "localhost:8080", firefox, "", true},
		{"loopback, Edge", "http://localhost:8080", "localhost:8080", edge, "", true},
		{"loopback, Edge on an iPhone", "http://localhost:8080", "localhost:8080", edgeOnIPhone, "", true},
		{"loopback, Opera", "http://localhost:8080", "localhost:8080", opera, "", true},
		{"loopback, Chrome on an iPhone", "http://localhost:8080", "localhost:8080", chromeOnIPhone, "", true},
		{"loopback, no agent", "http://localhost:8080", "localhost:8080", " ", "", true},
		{"loopback, Safari", "http://localhost:8080", "localhost:8080", safari, "", false},
		{"loopback by number, Safari", "http://127.0.0.1:8080", "127.0.0.1:8080", safari, "", false},
		{"loopback by another name, Safari", "http://localhost:8080", "app.localhost:8080", iPad, "", false},
		{"loopback in IPv6, iPhone", "http://[::1]:8080", "[::1]:8080", iPhone, "", false},
		{"a network, Chrome", "http://lychgate.lan:8080", "lychgate.lan:8080", chrome, "", false},
		{"a network, Safari", "http://lychgate.lan:8080", "lychgate.lan:8080", safari, "", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := servertest.Start(t, at(t, test.origin))
			client := browser(s, test.host)
			client.Header.Set("User-Agent", test.agent)
			attributes := "; HttpOnly"
			if test.secure {
				attributes += "; Secure"
			}
			attributes += "; SameSite=Strict"
			wants := func(answer servertest.Answer, maxAge string) {
				t.Helper()
				lines := answer.Header.Values("Set-Cookie")
				if len(lines) != 2 {
					t.Fatalf("Set-Cookie: %q", lines)
				}
				for i, name := range []string{"accessToken", "refreshToken"} {
					got, rest, _ := strings.Cut(lines[i], "=")
					value, rest, _ := strings.Cut(rest, "; ")
					if want := "Path=/; Max-Age=" + maxAge + attributes; got != test.prefix+name || rest != want {
						t.Errorf("cookie %s: %s\nwant %s: %s", got, rest, test.prefix+name, want)
					}
					if len(got)+len(value) > 4096 || (value == "") != (maxAge == "0") {
						t.Errorf("cookie %s has the value %q", got, value)
					}
				}
			}
			wants(client.Register("ada@example.com"), "2592000")
			s.Clock.Move(time.Hour)
			// The session's remaining lifetime.
			wants(client.Get("/api/user/profile").Wants(http.StatusOK), "2588400")
			s.Clock.Move(time.Hour)
			wants(client.Post("/api/auth/refresh", "").Wants(http.StatusOK), "2584800")
			wants(client.Post("/api/auth/logout", "").Wants(http.StatusNoContent), "0")
		})
	}
}

// A sibling host can set a cookie of any name without the prefix.
func TestOnlyPrefixedCookiesAreReadOnHTTPS(t *testing.T) {
	s := servertest.Start(t, at(t, "https://app.example.com"))
	client := browser(s, "app.example.com")
	client.Register("ada@example.com")
	access, refresh := client.Cookie("__Host-accessToken"), client.Cookie("__Host-refreshToken")
	if access == "" || refresh == "" {
		t.Fatal("no cookies")
	}
	for _, test := range []struct {
		cookies string
		status  int
	}{
		{"__Host-accessToken=" + access, 200},
		{"__Host-refreshToken=" + refresh, 200},
		{"accessToken=" + access, 401},
		{"refreshToken=" + refresh, 401},
		{"__host-accessToken=" + access, 401},
		{"__Secure-accessToken=" + access, 401},
		{"\u2003__Host-accessToken=" + access, 401},
		{"accessToken=" + access + "; refreshToken=" + refresh, 401},
		// Planted cookies beside the real ones change nothing.
		{"accessToken=planted; refreshToken=planted; __Host-accessToken=" + access, 200},
		{"accessToken=planted; accessToken=planted; __Host-accessToken=" + access, 200},
		{"__Host-accessToken=planted; __Host-accessToken=" + access, 401},
	} {
		if answer := browser(s, "app.example.com").Get("/api/user/profile", "Cookie", test.cookies); answer.StatusCode != test.status {
			t.Errorf("%.60s…: status %d, want %d", test.cookies, answer.StatusCode, test.status)
		}
	}
	browser(s, "app.example.com").Post("/api/auth/refresh", "", "Cookie", "refreshToken="+refresh).
		WantsProblem(http.StatusUnauthorized, "session_ended")
}

func TestStrictTransportSecurity(t *testing.T) {
	proxied := func(c *config.Config) {
		c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	}
	strangers := func(c *config.Config) { c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")} }
	subdomains := func(c *config.Config) { c.HSTSSubdomains = true }
	const year = "max-age=31536000"
	for _, test := range []struct {
		name, origin string
		changes      []func(*config.Config)
		proto        string // X-Forwarded-Proto
		want         string
	}{
		{"https", "https://app.example.com", nil, "", year},
		{"https with subdomains", "https://app.example.com", []func(*config.Config){subdomains}, "", year + "; includeSubDomains"},
		{"plain loopback", "http://localhost:8080", []func(*config.Config){subdomains}, "", ""},
		{"plain network", "http://lychgate.lan:8080", nil, "", ""},
		{"a proxy says https", "https://app.example.com", []func(*config.Config){proxied}, "https", year},
		{"a proxy says nothing", "https://app.example.com", []func(*config.Config){proxied}, "", year},
		{"a proxy says http", "https://app.example.com", []func(*config.Config){proxied}, "http", ""},
		{"a proxy says HTTP", "https://app.example.com", []func(*config.Config){proxied}, "HTTP", ""},
		{"a stranger says http", "https://app.example.com", nil, "http", year},
		{"a stranger beside a proxy says http", "https://app.example.com", []func(*config.Config){strangers}, "http", year},
		{"a proxy says https of a plain origin", "http://localhost:8080", []func(*config.Config){proxied}, "https", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := servertest.Start(t, append(test.changes, at(t, test.origin))...)
			host := strings.TrimPrefix(strings.TrimPrefix(test.origin, "https://"), "http://")
			var headers []string
			if test.proto != "" {
				headers = []string{"X-Forwarded-Proto", test.proto}
			}
			for _, path := range []string{"/", "/login", "/dashboard", "/nowhere", "/api/auth/session", "/api/nowhere", "/healthz"} {
				answer := browser(s, host).Get(path, headers...)
				if got := answer.Header.Get("Strict-Transport-Security"); got != test.want {
					t.Errorf("%s: Strict-Transport-Security %q, want %q", path, got, test.want)
				}
			}
		})
	}
}

// The last word on our two cookies counts, and nobody else's cookie is touched.
func TestCookiesOfOthersStay(t *testing.T) {
	public, err := origin.Parse("https://app.example.com")
	if err != nil {
		t.Fatal(err)
	}
	cookies := web.NewCookies(public, false)
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	header := http.Header{}
	header.Add("Set-Cookie", "theme=dark; Path=/")
	cookies.Set(r, header, "a", "b", time.Hour)
	header.Add("Set-Cookie", "accessToken=of somebody else; Path=/")
	cookies.Clear(r, header)

	var names []string
	for _, line := range header.Values("Set-Cookie") {
		name, rest, _ := strings.Cut(line, "=")
		names = append(names, name)
		if ours := strings.HasPrefix(name, "__Host-"); ours && !strings.Contains(rest, "Max-Age=0") {
			t.Errorf("%s: the session is still handed out", line)
		}
	}
	if want := []string{"theme", "accessToken", "__Host-accessToken", "__Host-refreshToken"}; !slices.Equal(names, want) {
		t.Errorf("cookies %q, want %q", names, want)
	}
}
