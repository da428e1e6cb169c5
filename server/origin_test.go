package server_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"lychgate/server/config"
	"lychgate/server/servertest"
)

// askedAs sends GET for a target with a Host header.
func askedAs(t *testing.T, instance *servertest.Server, target, host string, headers ...string) reply {
	t.Helper()
	lines := append([]string{"GET " + target + " HTTP/1.1", "Host: " + host, "Connection: close"}, headers...)
	return send(t, instance, strings.Join(lines, "\r\n")+"\r\n\r\n")
}

// hosts are Host headers, where <port> is the server's own; ours says whether
// the origin's server answers.
type hosts []struct {
	host string
	ours bool
}

var (
	loopbackHosts = hosts{
		{"localhost:<port>", true}, {"LocalHost:<port>", true}, {"app.localhost:<port>", true},
		{"127.0.0.1:<port>", true}, {"127.255.0.9:<port>", true}, {"[::1]:<port>", true},
		{"localhost", false}, {"localhost:", false}, {"localhost:1", false}, {"localhost:0<port>", false},
		{"127.0.0.1", false}, {"[::1]", false}, {"localhost.:<port>", false},
		{"evil.example:<port>", false}, {"localhost.evil.example:<port>", false}, {"evillocalhost:<port>", false},
		{"localhost:<port>,evil.example", false}, {"evil.example,.localhost:<port>", false}, {"a;b.localhost:<port>", false},
		{"0.0.0.0:<port>", false}, {"127.1:<port>", false}, {"2130706433:<port>", false}, {"192.0.2.1:<port>", false},
		{"[::]:<port>", false}, {"128.0.0.1:<port>", false}, {"app.example.com", false}, {"", false}, {":<port>", false},
	}
	publicHosts = hosts{
		{"app.example.com", true}, {"app.example.com:443", true}, {"APP.Example.COM", true},
		{"app.example.com:80", false}, {"app.example.com:<port>", false}, {"app.example.com:0443", false}, {"app.example.com.", false},
		{"example.com", false}, {"x.app.example.com", false}, {"app.example.com.evil.example", false}, {"xapp.example.com", false},
		{"localhost", false}, {"localhost:<port>", false}, {"127.0.0.1:<port>", false}, {"[::1]:<port>", false},
		{"evil.example", false}, {"app.example.com,evil.example", false},
		{"app%2eexample.com", false}, {"", false}, {":443", false},
	}
)

func TestHosts(t *testing.T) {
	for _, test := range []struct {
		name   string
		origin string
		hosts  hosts
	}{
		{"loopback", "", loopbackHosts},
		{"https", "https://app.example.com", publicHosts},
	} {
		instance := servertest.Start(t, func(c *config.Config) {
			if test.origin != "" {
				servertest.At(t, test.origin)(c)
			}
		})
		port := instance.URL[strings.LastIndex(instance.URL, ":")+1:]
		for _, h := range test.hosts {
			host := strings.ReplaceAll(h.host, "<port>", port)
			t.Run(test.name+"/"+h.host, func(t *testing.T) {
				for path, status := range map[string]int{
					"/":                      http.StatusOK,
					"/dashboard":             http.StatusSeeOther,
					"/nowhere":               http.StatusNotFound,
					"/api/auth/session":      http.StatusOK,
					"/api/user/profile":      http.StatusUnauthorized,
					"/api/openapi.json":      http.StatusOK,
					"/healthz/":              http.StatusNotFound,
					"//healthz":              http.StatusNotFound,
					"/api/../healthz":        http.StatusNotFound,
					"/.well-known/jwks":      http.StatusNotFound,
					"/.well-known/JWKS.json": http.StatusNotFound,
				} {
					answer := askedAs(t, instance, path, host)
					if !h.ours {
						answer.wantsProblem(t, http.StatusMisdirectedRequest, "misdirected_request")
					} else if answer.StatusCode != status {
						t.Errorf("%s: status %d, want %d\n%s", path, answer.StatusCode, status, answer.body)
					}
				}
				for _, path := range []string{"/healthz", "/readyz", "/.well-known/jwks.json"} {
					if answer := askedAs(t, instance, path, host); answer.StatusCode != http.StatusOK {
						t.Errorf("%s: status %d for any host\n%s", path, answer.StatusCode, answer.body)
					}
				}
			})
		}
	}
}

func TestForwardedHostsCountForNothing(t *testing.T) {
	instance := servertest.Start(t)
	_, own, _ := strings.Cut(instance.URL, "://")
	names := []string{"X-Forwarded-Host: ", "X-Host: ", "X-Original-Host: ", "X-HTTP-Host-Override: ", "Forwarded: host=", "X-Forwarded-Server: "}
	for _, name := range names {
		askedAs(t, instance, "/", "evil.example", name+own).wantsProblem(t, http.StatusMisdirectedRequest, "misdirected_request")
		answer := askedAs(t, instance, "/dashboard?x=1", own, name+"evil.example")
		if location := answer.Header.Get("Location"); answer.StatusCode != http.StatusSeeOther || location != "/login?next=%2Fdashboard%3Fx%3D1" {
			t.Errorf("%s: status %d, Location %q", name, answer.StatusCode, location)
		}
	}
}

func TestAbsoluteTargets(t *testing.T) {
	instance := servertest.Start(t)
	_, own, _ := strings.Cut(instance.URL, "://")
	// The target says which host is asked, whatever the Host header says (RFC
	// 9112, section 3.2.2).
	for _, test := range []struct {
		target, host string
		status       int
	}{
		{"http://" + own + "/", own, http.StatusOK},
		{"http://" + own, own, http.StatusOK},
		{"http://" + own + "/dashboard", own, http.StatusSeeOther},
		{"http://" + own + "/api/user/profile", own, http.StatusUnauthorized},
		{"http://" + own + "/dashboard", "evil.example", http.StatusSeeOther},
		{"http://evil.example/", own, http.StatusMisdirectedRequest},
		{"http://evil.example/dashboard", own, http.StatusMisdirectedRequest},
		{"http://evil.example/healthz", own, http.StatusOK},
		{"http://" + own + "@evil.example/", own, http.StatusMisdirectedRequest},
		{"http:" + own + "/", own, http.StatusNotFound},
		{"file:///etc/passwd", own, http.StatusNotFound},
	} {
		answer := askedAs(t, instance, test.target, test.host)
		if answer.StatusCode != test.status {
			t.Errorf("%s with Host %s: status %d, want %d\n%s", test.target, test.host, answer.StatusCode, test.status, answer.body)
		}
		// Only the detail of a 421 says which host was asked.
		body := answer.body
		if answer.StatusCode == http.StatusMisdirectedRequest {
			body = strings.Replace(body, ` but this request has \"`+hostOf(t, test.target)+`\". `, "", 1)
		}
		if strings.Contains(answer.Header.Get("Location")+body, "evil.example") {
			t.Errorf("%s with Host %s: the answer holds the other host: %s %s", test.target, test.host, answer.Header.Get("Location"), answer.body)
		}
	}
}

func hostOf(t *testing.T, target string) string {
	t.Helper()
	parsed, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	return parsed.Host
}

// A 421 names what it got and what it expects; what it got is bounded, and
// nothing but quoted ASCII.
func TestMisdirectedRequestsSayWhatToSet(t *testing.T) {
	instance := servertest.Start(t, servertest.At(t, "https://app.example.com:8443"))
	for host, got := range map[string]string{
		"app.example.com":          `"app.example.com"`, // as nginx's $host has it
		"app.example.com:443":      `"app.example.com:443"`,
		"127.0.0.1:8080":           `"127.0.0.1:8080"`, // as proxies send by themselves
		"app.example.com.:8443":    `"app.example.com.:8443"`,
		"":                         `""`,
		"a'b&c.example":            `"a'b&c.example"`,
		strings.Repeat("a", 10000): `"` + strings.Repeat("a", 256) + `\u2026"`,
	} {
		for _, path := range []string{"/", "/dashboard", "/api/user/profile"} {
			answer := askedAs(t, instance, path, host)
			answer.wantsProblem(t, http.StatusMisdirectedRequest, "misdirected_request")
			var said struct{ Detail string }
			if err := json.Unmarshal([]byte(answer.body), &said); err != nil {
				t.Fatal(err)
			}
			for _, want := range []string{
				"answers only for https://app.example.com:8443.", `expects the Host header "app.example.com:8443"`, "but this request has " + got + ". ",
				"proxy_set_header Host $http_host;", "--origin",
			} {
				if !strings.Contains(said.Detail, want) {
					t.Errorf("Host %.40s, %s: it does not say %s:\n%s", host, path, want, said.Detail)
				}
			}
		}
	}
}

// What a request may say of where it comes from; "-" is nothing.
var (
	fetchSites = []string{"-", "", "same-origin", "same-site", "cross-site", "none", "SAME-ORIGIN", "nonsense"}
	origins    = []string{"-", "", "<own>", "null", "http://evil.example", "https://<host>", "http://localhost:1", "http://<host>.evil.example", "nonsense"}
)

// carried is what a request carries of credentials.
var carried = []struct {
	name, authorization, cookie string
	passes                      bool // even from another site
}{
	{"nothing", "-", "-", false},
	{"a cookie", "-", "accessToken=x", false},
	{"a cookie of another kind", "-", "theme=dark", false},
	{"an empty Cookie header", "Bearer x", "", false},
	{"a Bearer token", "Bearer x", "-", true},
	{"a Bearer token and a cookie", "Bearer x", "accessToken=x", false},
	{"a Bearer token and a cookie of another kind", "Bearer x", "theme=dark", false},
	{"a malformed Bearer token", "Bearer", "-", false},
	{"another scheme, which browsers send by themselves", "Basic eDp5", "-", false},
}

func TestCrossSiteRequests(t *testing.T) {
	instance := servertest.Start(t)
	_, host, _ := strings.Cut(instance.URL, "://")
	oracle := http.NewCrossOriginProtection()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer client.CloseIdleConnections()
	words := strings.NewReplacer("<own>", instance.URL, "<host>", host)

	asked, refused := 0, 0
	for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"} {
		for _, site := range fetchSites {
			for _, from := range origins {
				for _, with := range carried {
					headers := map[string]string{"Sec-Fetch-Site": site, "Origin": words.Replace(from), "Authorization": with.authorization, "Cookie": with.cookie}
					r, err := http.NewRequestWithContext(t.Context(), method, instance.URL+"/api/user/profile", http.NoBody)
					if err != nil {
						t.Fatal(err)
					}
					for name, value := range headers {
						if value != "-" {
							r.Header.Set(name, value)
						}
					}
					want := oracle.Check(r) != nil && !with.passes
					answer, err := client.Do(r)
					if err != nil {
						t.Fatal(err)
					}
					answer.Body.Close()
					if got := answer.StatusCode == http.StatusForbidden; got != want {
						t.Errorf("%s, Sec-Fetch-Site %q, Origin %q, %s: refused %v, want %v (status %d)", method, site, from, with.name, got, want, answer.StatusCode)
					}
					asked++
					if want {
						refused++
					}
				}
			}
		}
	}
	t.Logf("%d of %d requests are refused", refused, asked)
	if refused == 0 || refused == asked {
		t.Error("the table tells nothing")
	}
}

func TestCrossSiteWritesChangeNothing(t *testing.T) {
	instance := servertest.Start(t)
	client := instance.Client()
	client.Register("ada@example.com")
	state := watch(t, instance)
	before := state()
	for _, where := range [][]string{
		{"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"},
		{"Sec-Fetch-Site", "same-site", "Origin", "http://localhost:1"},
		{"Origin", "https://evil.example"},
		{"Origin", "null"},
	} {
		for _, op := range operations {
			client.Do(op.method, op.path, "{}", where...).WantsProblem(http.StatusForbidden, "cross_site_request")
		}
		client.Post("/api/auth/logout", "", where...).WantsProblem(http.StatusForbidden, "cross_site_request")
		client.Do("DELETE", "/api/user/sessions", "", where...).WantsProblem(http.StatusForbidden, "cross_site_request")
	}
	if state() != before {
		t.Error("a request from another site changed what is stored")
	}
	client.Get("/api/user/profile").Wants(http.StatusOK)
}
