package server_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"lychgate/server/config"
	"lychgate/server/servertest"
)

// documented returns the one block of a language in docs/operations.md.
func documented(t *testing.T, language string) string {
	t.Helper()
	text, err := os.ReadFile("../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)\n```"+language+"\n(.*?)```").FindAllStringSubmatch(string(text), -1)
	if len(blocks) != 1 {
		t.Fatalf("docs/operations.md has %d blocks of %s, want one", len(blocks), language)
	}
	return blocks[0][1]
}

// replaced replaces texts that must all be there.
func replaced(t *testing.T, text string, pairs ...string) string {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(text, pairs[i]) {
			t.Fatalf("%q is not in\n%s", pairs[i], text)
		}
		text = strings.ReplaceAll(text, pairs[i], pairs[i+1])
	}
	return text
}

// freePort returns a port that nobody listens on.
func freePort(t *testing.T) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// TestDocumentedProxies runs nginx and Caddy with the configurations of
// docs/operations.md, on ports that are nobody's default, in front of a server.
func TestDocumentedProxies(t *testing.T) {
	const host = "app.example.com"
	nginx := func(listen string, pairs ...string) func(*testing.T, string, string, string) []string {
		return func(t *testing.T, dir, port, upstream string) []string {
			id := newIdentityFor(t, 1, host, time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
			for name, content := range map[string][]byte{"cert.pem": id.certificate, "key.pem": id.key} {
				if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			snippet := replaced(t, documented(t, "nginx"), append([]string{
				"listen 443 ssl http2;", "listen 127.0.0.1:" + port + listen + ";",
				"/etc/ssl/app.example.com.pem", dir + "/cert.pem", "/etc/ssl/app.example.com.key", dir + "/key.pem",
				"127.0.0.1:8080", upstream,
			}, pairs...)...)
			var around strings.Builder
			around.WriteString("daemon off; master_process off; pid " + dir + "/pid; error_log stderr;\nevents {}\nhttp {\naccess_log off;\n")
			for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
				around.WriteString(kind + "_temp_path " + dir + "/" + kind + ";\n")
			}
			file := filepath.Join(dir, "nginx.conf")
			if err := os.WriteFile(file, []byte(around.String()+snippet+"}\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			return []string{"nginx", "-p", dir, "-c", file, "-e", "stderr"}
		}
	}
	caddy := func(t *testing.T, dir, port, upstream string) []string {
		snippet := replaced(t, documented(t, "caddy"), host, host+":"+port, "127.0.0.1:8080", upstream)
		file := filepath.Join(dir, "Caddyfile")
		around := "{\nadmin off\nlocal_certs\nskip_install_trust\nauto_https disable_redirects\ndefault_bind 127.0.0.1\nstorage file_system " + dir + "/caddy\n}\n"
		if err := os.WriteFile(file, []byte(around+snippet), 0o600); err != nil {
			t.Fatal(err)
		}
		return []string{"caddy", "run", "--adapter", "caddyfile", "--config", file}
	}
	for _, test := range []struct {
		name, scheme, host string
		prepare            func(t *testing.T, dir, port, upstream string) (command []string)
		http2              bool
	}{
		{"nginx", "https", host, nginx(" ssl http2"), true},
		{"nginx over HTTP 1.1", "https", host, nginx(" ssl"), false},
		{"nginx over plain http", "http", "app.localhost", nginx("", "server_name app.example.com;", "server_name app.localhost;"), false},
		{"Caddy", "https", host, caddy, true},
		{"Caddy over HTTP 1.1", "https", host, caddy, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			port := freePort(t)
			public := test.scheme + "://" + test.host + ":" + port
			instance := servertest.Start(t, servertest.At(t, public), func(c *config.Config) {
				c.Addr, c.TrustedProxies = "127.0.0.1:0", []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
			})
			command := test.prepare(t, t.TempDir(), port, strings.TrimPrefix(instance.URL, "http://"))
			program := servertest.Tool(t, command[0], command[0])
			client := behind(t, port, test.http2)
			runProxy(t, client, public, exec.Command(program, command[1:]...))

			login := viaProxy(t, client, "POST", public+"/api/auth/register", `{"email": "ada@example.com", "password": "`+servertest.Password+`"}`, "Origin", public)
			if login.StatusCode != http.StatusCreated || len(login.Cookies()) != 2 {
				t.Fatalf("status %d, %d cookies", login.StatusCode, len(login.Cookies()))
			}
			if got := login.ProtoMajor == 2; got != test.http2 {
				t.Errorf("it came over %s", login.Proto)
			}
			var cookies []string
			for _, cookie := range login.Cookies() {
				cookies = append(cookies, cookie.Name+"="+cookie.Value)
				if secured := strings.HasPrefix(cookie.Name, "__Host-"); secured != (test.scheme == "https") {
					t.Errorf("a cookie %s on %s", cookie.Name, public)
				}
			}
			sessions := viaProxy(t, client, "GET", public+"/api/user/sessions", "", "Cookie", strings.Join(cookies, "; "))
			var list struct{ Sessions []struct{ IP string } }
			if err := json.NewDecoder(sessions.Body).Decode(&list); err != nil || len(list.Sessions) != 1 || list.Sessions[0].IP != clientAddress {
				t.Errorf("the sessions are %+v (%v), want one from %s", list, err, clientAddress)
			}
			guarded := viaProxy(t, client, "GET", public+"/dashboard?x=1", "")
			if location := guarded.Header.Get("Location"); guarded.StatusCode != http.StatusSeeOther || location != "/login?next=%2Fdashboard%3Fx%3D1" {
				t.Errorf("the dashboard, signed out: status %d, Location %q", guarded.StatusCode, location)
			}
			if hsts := guarded.Header.Get("Strict-Transport-Security"); (hsts != "") != (test.scheme == "https") {
				t.Errorf("HSTS is %q", hsts)
			}
			foreign := viaProxy(t, client, "POST", public+"/api/auth/logout", "", "Origin", "https://evil.example")
			if foreign.StatusCode != http.StatusForbidden {
				t.Errorf("a write from another site: status %d", foreign.StatusCode)
			}
		})
	}
}

// clientAddress is where the requests to a proxy come from: another address of
// this machine, so that it can be told from the proxy's own.
const clientAddress = "127.0.0.2"

// behind returns a client that reaches every host at a port of this machine.
func behind(t *testing.T, port string, http2 bool) *http.Client {
	t.Helper()
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(clientAddress)}}
	transport := &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, "tcp", "127.0.0.1:"+port)
		},
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true}, // its certificate is made for this test
		ForceAttemptHTTP2: http2,
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

func viaProxy(t *testing.T, client *http.Client, method, address, body string, headers ...string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	answer, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { answer.Body.Close() })
	return answer
}

// runProxy runs a proxy until the test ends, and returns once it answers.
func runProxy(t *testing.T, client *http.Client, public string, cmd *exec.Cmd) {
	t.Helper()
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir(), "XDG_DATA_HOME="+t.TempDir(), "XDG_CONFIG_HOME="+t.TempDir())
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		cmd.Process.Kill() // it may have exited
		<-ended
	})
	address, err := url.JoinPath(public, "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	for begun := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := client.Do(r)
		if err == nil {
			answer.Body.Close()
			return
		}
		select {
		case failure := <-ended:
			ended <- failure
			t.Fatalf("it ended: %v\n%s", failure, &log)
		default:
		}
		if time.Since(begun) > time.Minute {
			t.Fatalf("it does not answer: %v", err)
		}
	}
}
