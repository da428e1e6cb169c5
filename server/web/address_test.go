package web_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"lychgate/server/web"
)

// proxies returns two trusted ranges.
func proxies() *web.Proxies {
	return web.NewProxies([]netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}, slog.New(slog.DiscardHandler))
}

// request returns a request from a peer with headers, given as alternating
// names and values.
func request(peer string, headers ...string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.RemoteAddr = peer
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	return r
}

func TestAddress(t *testing.T) {
	const proxy = "10.0.0.1:4000"
	for _, test := range []struct {
		peer  string
		lines []string
		want  string
	}{
		{proxy, nil, "10.0.0.1"},
		{proxy, []string{""}, "10.0.0.1"},
		{proxy, []string{"203.0.113.8"}, "203.0.113.8"},
		{proxy, []string{"203.0.113.8:51234"}, "203.0.113.8"},
		{proxy, []string{" 203.0.113.8 "}, "203.0.113.8"},
		{proxy, []string{`"203.0.113.8:51234"`}, "203.0.113.8"},
		{proxy, []string{"2001:db8::1"}, "2001:db8::1"},
		{proxy, []string{"2001:DB8:0:0:0:0:0:1"}, "2001:db8::1"},
		{proxy, []string{"[2001:db8::1]"}, "2001:db8::1"},
		{proxy, []string{"[2001:db8::1]:443"}, "2001:db8::1"},
		{proxy, []string{`"[2001:db8::1]:443"`}, "2001:db8::1"},
		{proxy, []string{"::ffff:203.0.113.8"}, "203.0.113.8"},
		{proxy, []string{"[::ffff:203.0.113.8]:80"}, "203.0.113.8"},
		{proxy, []string{"fe80::1%eth0"}, "fe80::1"},
		{"[::ffff:10.0.0.1]:4000", []string{"203.0.113.8"}, "203.0.113.8"},
		{"[fd00::1%eth0]:4000", []string{"203.0.113.8"}, "203.0.113.8"},

		// From the end, past trusted proxies and no further.
		{proxy, []string{"198.51.100.7, 203.0.113.8"}, "203.0.113.8"},
		{proxy, []string{"203.0.113.8, 10.0.0.2"}, "203.0.113.8"},
		{proxy, []string{"198.51.100.7, 203.0.113.8:1, 10.0.0.2:2, [fd00::2]:3"}, "203.0.113.8"},
		{proxy, []string{"198.51.100.7", "203.0.113.8, 10.0.0.2"}, "203.0.113.8"},
		{proxy, []string{"203.0.113.8", "10.0.0.2"}, "203.0.113.8"},
		{proxy, []string{"203.0.113.8,,", " , ,10.0.0.2,"}, "203.0.113.8"},
		{proxy, []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3"},

		// An invalid address ends the walk.
		{proxy, []string{"unknown"}, "10.0.0.1"},
		{proxy, []string{"203.0.113.8, unknown"}, "10.0.0.1"},
		{proxy, []string{"203.0.113.8, unknown, 10.0.0.2"}, "10.0.0.2"},
		{proxy, []string{"unknown, 203.0.113.8"}, "203.0.113.8"},
		{proxy, []string{"203.0.113.8:"}, "10.0.0.1"},
		{proxy, []string{"203.0.113.8:http"}, "10.0.0.1"},
		{proxy, []string{"203.0.113.8:123456"}, "10.0.0.1"},
		{proxy, []string{"203.0.113.8 51234"}, "10.0.0.1"},
		{proxy, []string{"203.0.113"}, "10.0.0.1"},
		{proxy, []string{"203.0.113.008"}, "10.0.0.1"},
		{proxy, []string{"[203.0.113.8]:1"}, "10.0.0.1"},
		{proxy, []string{"[2001:db8::1"}, "10.0.0.1"},
		{proxy, []string{"[2001:db8::1]443"}, "10.0.0.1"},
		{proxy, []string{"[2001:db8::1]:"}, "10.0.0.1"},
		{proxy, []string{`"203.0.113.8`}, "10.0.0.1"},
		{proxy, []string{"for=203.0.113.8"}, "10.0.0.1"},
		{proxy, []string{"203.0.113.8;10.0.0.2"}, "10.0.0.1"},
		{proxy, []string{"\xff"}, "10.0.0.1"},

		// Headers of untrusted peers are ignored.
		{"203.0.113.8:4000", []string{"198.51.100.7"}, "203.0.113.8"},
		{"[2001:db8::1]:4000", []string{"198.51.100.7"}, "2001:db8::1"},
		{"[fe80::1%eth0]:4000", []string{"198.51.100.7"}, "fe80::1"},
	} {
		r := request(test.peer)
		r.Header["X-Forwarded-For"] = test.lines
		if got := proxies().Address(r); got != test.want {
			t.Errorf("%s, %q: %s, want %s", test.peer, test.lines, got, test.want)
		}
	}
}

func TestCameInPlain(t *testing.T) {
	const proxy = "10.0.0.1:4000"
	for _, test := range []struct {
		peer  string
		lines []string
		want  bool
	}{
		{proxy, nil, false},
		{proxy, []string{"http"}, true},
		{proxy, []string{" HTTP "}, true},
		{proxy, []string{`"http"`}, true},
		{proxy, []string{"https"}, false},
		{proxy, []string{"https, http"}, true},
		{proxy, []string{"http, https"}, false},
		{proxy, []string{"https", "http"}, true},
		{proxy, []string{"http", "https"}, false},
		{proxy, []string{"httpx"}, false},
		{proxy, []string{""}, false},
		{"203.0.113.8:4000", []string{"http"}, false},
	} {
		r := request(test.peer)
		r.Header["X-Forwarded-Proto"] = test.lines
		if got := proxies().CameInPlain(r); got != test.want {
			t.Errorf("%s, %q: %v, want %v", test.peer, test.lines, got, test.want)
		}
	}
}

// Whatever the header says, the result is a canonical address, and an untrusted
// peer's own address never depends on it.
func FuzzAddress(f *testing.F) {
	for _, seed := range []string{"", "203.0.113.8:51234", "[2001:db8::1]:443, 10.0.0.2", "fe80::1%eth0", `"10.0.0.1", unknown`, ",,", "::ffff:1.2.3.4", "[[::1]]:1", "1.2.3.4:5:6"} {
		f.Add(seed, "10.0.0.2")
		f.Add("203.0.113.8", seed)
	}
	p := proxies()
	f.Fuzz(func(t *testing.T, first, second string) {
		got := p.Address(request("10.0.0.1:4000", "X-Forwarded-For", first, "X-Forwarded-For", second))
		address, err := netip.ParseAddr(got)
		if err != nil || address.String() != got || address.Zone() != "" || address.Is4In6() || len(got) > 45 {
			t.Errorf("%q, %q: %q", first, second, got)
		}
		// A trusted proxy appends what it saw, and that counts, whatever
		// preceded it.
		if got := p.Address(request("10.0.0.1:4000", "X-Forwarded-For", first, "X-Forwarded-For", second+", 203.0.113.8:1")); got != "203.0.113.8" {
			t.Errorf("%q, %q: %q before the proxy's own", first, second, got)
		}
		if got := p.Address(request("203.0.113.9:4000", "X-Forwarded-For", first, "X-Forwarded-For", second)); got != "203.0.113.9" {
			t.Errorf("%q, %q: a stranger is %q", first, second, got)
		}
		p.CameInPlain(request("10.0.0.1:4000", "X-Forwarded-Proto", first, "X-Forwarded-Proto", second))
	})
}

func TestCharsets(t *testing.T) {
	for contentType, taken := range map[string]bool{
		`application/json; charset=utf-8`: true, `application/json; charset=UTF8`: true, `application/json;charset="utf8"`: true, `application/json; charset="Utf-8"`: true,
		`application/json; charset=latin1`: false, `application/json; charset=utf-16`: false, `application/json; charset=utf_8`: false,
	} {
		var into struct{ A string }
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(`{"A":"x"}`))
		r.Header.Set("Content-Type", contentType)
		c := echo.New().NewContext(r, httptest.NewRecorder())
		err := web.JSON.Read(c)
		if err == nil {
			err = web.Bind(c, &into)
		}
		if (err == nil) != taken {
			t.Errorf("%s: %v", contentType, err)
		}
	}
}
