package origin_test

import (
	"testing"

	"lychgate/server/origin"
)

func TestParse(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"https://app.example.com", "https://app.example.com"},
		{"https://app.example.com/", "https://app.example.com"},
		{"https://app.example.com:443", "https://app.example.com"},
		{"https://app.example.com:", "https://app.example.com"},
		{"https://app.example.com:8443", "https://app.example.com:8443"},
		{"https://App.Example.COM", "https://app.example.com"},
		{"HTTPS://app.example.com", "https://app.example.com"},
		{"http://localhost:80", "http://localhost"},
		{"http://localhost:443", "http://localhost:443"},
		{"http://[::1]:8080", "http://[::1]:8080"},
		{"http://[::1]", "http://[::1]"},
		// As browsers write it, or no Host header would match.
		{"https://[2001:DB8:0:0::1]", "https://[2001:db8::1]"},
		{"https://xn--exmple-cua.com", "https://xn--exmple-cua.com"},
		{"https://a_b.example.com", "https://a_b.example.com"},
	} {
		o, err := origin.Parse(test.text)
		if err != nil || o.String() != test.want {
			t.Errorf("%s: %s, %v, want %s", test.text, o, err, test.want)
		}
		if again, err := origin.Parse(o.String()); err != nil || again != o {
			t.Errorf("%s: read again it is %s, %v", test.text, again, err)
		}
	}
	for _, text := range []string{
		"", "app.example.com", "app.example.com:443", "//app.example.com", "https:app.example.com", "https:/app.example.com", "https:///app", "https://", "https://:443",
		"ftp://app.example.com", "file:///etc/passwd", "javascript:alert(1)", "null", "*",
		"https://ada@app.example.com", "https://ada:secret@app.example.com", "https://@app.example.com", "https://app.example.com@evil.com",
		"https://app.example.com/app", "https://app.example.com/?", "https://app.example.com?x=1", "https://app.example.com#x", "https://app.example.com#",
		"https://app.example.com:port", "https://app.example.com:-1", "https://app.example.com:65536", "https://app.example.com:0", "https://app.example.com:0443",
		"https://app example.com", "https://app.example.com ", " https://app.example.com", "https://app%2eexample.com", "https://[fe80::1%25eth0]", "https://app\\example.com",
		"https://exämple.com", "https://ｅxample.com", "https://app.example.com\n", "https://[::1", "https://::1", "https://a,b", "https://<app>",
		"https://*.example.com",
	} {
		if o, err := origin.Parse(text); err == nil || o != (origin.Origin{}) {
			t.Errorf("%q is accepted as %s", text, o)
		}
	}
}

func TestOwns(t *testing.T) {
	for _, test := range []struct {
		origin string
		own    []string
		others []string
	}{
		{
			"https://app.example.com",
			[]string{"app.example.com", "app.example.com:443", "APP.example.com"},
			[]string{
				"", ":443", "app.example.com:80", "app.example.com:8443", "example.com", "x.app.example.com", "app.example.com.", "app.example.com.evil.com", "evil-app.example.com",
				"app.example.com:443:443", "app.example.com:0443", "ada@app.example.com", "app.example.com/", "https://app.example.com", "[app.example.com", "[app.example.com]", "[app.example.com]:443", "localhost", "127.0.0.1:443", "app.example.com,evil.com", "app.example.com evil.com",
			},
		},
		{"https://app.example.com:8443", []string{"app.example.com:8443"}, []string{"app.example.com", "app.example.com:443"}},
		{
			"http://localhost:8080",
			[]string{"localhost:8080", "LOCALHOST:8080", "app.localhost:8080", "127.0.0.1:8080", "127.8.9.10:8080", "[::1]:8080"},
			[]string{
				"", "localhost", "localhost:80", "localhost:8081", "localhost:08080", "localhost.:8080", "127.0.0.1", "::1", "::1:8080", "[::1", "[::1]", "[::1]x:8080", "[::1]:8081", "[localhost]:8080", "localhost.evil.com:8080", "127.0.0.1.evil.com:8080", "evil-localhost:8080", "localhostx:8080",
				"2130706433:8080", "0x7f000001:8080", "0177.0.0.1:8080", "127.1:8080", "127.0.0.01:8080", "127.0.0.256:8080", "128.0.0.1:8080", "0.0.0.0:8080", "[::]:8080", "[::2]:8080", "[fe80::1%25lo]:8080", "192.168.0.1:8080", "example.com:8080",
			},
		},
		{"http://localhost", []string{"localhost", "localhost:80", "127.0.0.1", "[::1]", "[::1]:80"}, []string{"localhost:8080", "localhost:443"}},
		{"http://[::1]:8080", []string{"[::1]:8080", "localhost:8080", "[0:0:0:0:0:0:0:1]:8080"}, []string{"[::1]", "[2001:db8::1]:8080"}},
		{"https://[2001:db8::1]", []string{"[2001:db8::1]", "[2001:DB8::1]:443"}, []string{"[2001:db8::2]", "localhost"}},
		// Other names of the same host are other origins.
		{"http://192.168.0.1:8080", []string{"192.168.0.1:8080"}, []string{"192.168.1:8080", "192.168.0.1", "localhost:8080"}},
	} {
		o, err := origin.Parse(test.origin)
		if err != nil {
			t.Fatal(err)
		}
		for _, host := range test.own {
			if !o.Owns(host) {
				t.Errorf("%s does not own %q", o, host)
			}
		}
		for _, host := range test.others {
			if o.Owns(host) {
				t.Errorf("%s owns %q", o, host)
			}
		}
	}
	for _, host := range []string{"", ":", ":0", "localhost", "localhost:0", "example.com"} {
		if (origin.Origin{}).Owns(host) {
			t.Errorf("the zero origin owns %q", host)
		}
	}
}

func TestIsLoopback(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost": true, "LocalHost": true, "app.localhost": true, "a.b.LOCALHOST": true,
		"127.0.0.1": true, "127.255.255.254": true, "::1": true, "0:0:0:0:0:0:0:1": true, "::ffff:127.0.0.1": true,

		"": false, "localhost.": false, "localhost.evil.com": false, "127.0.0.1.evil.com": false, "evil-localhost": false, "evillocalhost": false,
		"localhost.localdomain": false, "127.0.0.1.": false, "2130706433": false, "0x7f000001": false, "0177.0.0.1": false, "127.1": false, "127.0.0.01": false,
		"0.0.0.0": false, "::": false, "::2": false, "[::1]": false, "128.0.0.1": false, "10.0.0.1": false, "fe80::1": false, "localhost:8080": false, "127.0.0.1/8": false,
		"１２７.0.0.1": false, "localhoſt": false,
	} {
		if got := origin.IsLoopback(host); got != want {
			t.Errorf("%q: %v, want %v", host, got, want)
		}
	}
}

func TestSecureAndHost(t *testing.T) {
	for _, test := range []struct {
		text, host       string
		secure, loopback bool
	}{
		{"https://app.example.com", "app.example.com", true, false},
		{"https://localhost:8443", "localhost", true, true},
		{"http://[::1]:8080", "::1", false, true},
		{"http://lychgate.lan", "lychgate.lan", false, false},
	} {
		o, err := origin.Parse(test.text)
		if err != nil {
			t.Fatal(err)
		}
		if o.Host() != test.host || o.Secure() != test.secure || o.Loopback() != test.loopback {
			t.Errorf("%s: host %s, secure %v, loopback %v", o, o.Host(), o.Secure(), o.Loopback())
		}
	}
}
