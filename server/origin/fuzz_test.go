package origin_test

import (
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"lychgate/server/origin"
)

// FuzzOwns checks Host headers that belong to an origin: package url reads them
// in the same way, and they contain only host and port.
func FuzzOwns(f *testing.F) {
	for _, host := range []string{
		"", "localhost", "localhost:8080", "LOCALHOST:8080", "app.localhost:8080", ".localhost:8080", "localhost.:8080", "127.0.0.1:8080", "127.1:8080",
		"2130706433:8080", "0x7f.0.0.1:8080", "127.0.0.1.nip.io:8080", "[::1]:8080", "[::1]", "::1:8080", "::1", "[::ffff:127.0.0.1]:8080", "[::1%25lo]:8080",
		"[::1%lo]:8080", "[localhost]:8080", "[127.0.0.1]:8080", "localhost:08080", "localhost:+8080", "localhost:8080:8080", "localhost:8080/", "evil@localhost:8080",
		"evil.example,.localhost:8080", "evil.example#.localhost:8080", "evil.example/.localhost:8080", "evil.example\\.localhost:8080", "evil.example .localhost:8080",
		"app.example.com", "app.example.com:443", "APP.example.com:", "app.example.com:80", "app.example.com.", "app.example.com\x00", "\u212aapp.example.com",
		"192.0.2.1:8443", "192.0.2.1", "[2001:db8::1]", "[2001:DB8:0::1]:443", "[2001:db8::1", "2001:db8::1]", "app.example.com,evil.example",
	} {
		f.Add(host)
	}
	var origins []origin.Origin
	for _, text := range []string{"http://localhost:8080", "http://[::1]:8080", "https://app.example.com", "https://[2001:db8::1]", "https://192.0.2.1:8443"} {
		o, err := origin.Parse(text)
		if err != nil {
			f.Fatal(err)
		}
		origins = append(origins, o)
	}
	f.Fuzz(func(t *testing.T, host string) {
		for _, o := range origins {
			owns := o.Owns(host)
			if shouted := o.Owns(strings.ToUpper(host)); shouted != owns && isASCII(host) {
				t.Fatalf("%s owns %q: %v, in capitals: %v", o, host, owns, shouted)
			}
			if !owns {
				continue
			}
			scheme, _, _ := strings.Cut(o.String(), "://")
			u, err := url.Parse(scheme + "://" + host)
			if err != nil || u.User != nil || u.Host != host || u.Path != "" || u.RawQuery != "" || u.Fragment != "" {
				t.Fatalf("%s owns %q, which is no host and port: %v", o, host, err)
			}
			if port := u.Port(); origin.New(scheme, o.Host(), port) != o {
				t.Fatalf("%s owns %q of another port", o, host)
			}
			if named := strings.ToLower(u.Hostname()); origin.New(scheme, named, u.Port()) != o && (!o.Loopback() || !isThisMachine(named)) {
				t.Fatalf("%s owns %q, a host of others", o, host)
			}
			// The host is a valid origin itself.
			if again, err := origin.Parse(scheme + "://" + host); err != nil || !again.Owns(host) {
				t.Fatalf("%s owns %q, which is no origin: %v", o, host, err)
			}
		}
	})
}

func isASCII(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r > 0x7f })
}

// isThisMachine reports whether browsers treat a host as their own machine (RFC
// 6761, section 6.3).
func isThisMachine(host string) bool {
	labels := strings.Split(host, ".")
	address, err := netip.ParseAddr(host)
	return labels[len(labels)-1] == "localhost" || err == nil && address.IsLoopback()
}

// FuzzParse checks that every accepted origin has one spelling and owns its
// host.
func FuzzParse(f *testing.F) {
	for _, text := range []string{
		"https://app.example.com", "https://App.Example.com:443/", "http://localhost:8080", "http://[::1]:8080", "https://[2001:DB8::1]", "https://[fe80::1%25eth0]",
		"https://user@app.example.com", "https://app.example.com/x", "https://app.example.com?", "https://app.example.com#", "https://", "https://:443", "https:app",
		"ftp://app.example.com", "//app.example.com", "https://app.example.com:0", "https://app.example.com:065536", "https://b\u00fccher.example", "https://a b",
		"https://a%2eb", "https://a,b", "https://app.example.com\\x", " https://app.example.com", "https://app.example.com//", "HTTPS://a_b.example",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		o, err := origin.Parse(text)
		if err != nil {
			if o != (origin.Origin{}) {
				t.Fatalf("%q: %v, and yet %s", text, err, o)
			}
			return
		}
		spelt := o.String()
		if again, err := origin.Parse(spelt); err != nil || again != o || again.String() != spelt {
			t.Fatalf("%q is %s, and that is %s (%v)", text, spelt, again, err)
		}
		scheme, host, _ := strings.Cut(spelt, "://")
		if strings.Trim(host, "abcdefghijklmnopqrstuvwxyz0123456789-_.:[]") != "" || o.Secure() != (scheme == "https") {
			t.Fatalf("%q is %s", text, spelt)
		}
		if !o.Owns(host) || o.Owns(host+".evil.example") || o.Owns("evil.example") && o.Host() != "evil.example" {
			t.Fatalf("%s owns itself: %v", spelt, o.Owns(host))
		}
	})
}
