package server_test

import (
	"bufio"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"
	"time"
	"unicode/utf8"

	"lychgate/server"
	"lychgate/server/config"
	"lychgate/server/servertest"
)

// logged is a line of the log.
type logged struct {
	Level, Msg, Method, Path, IP string
	Status                       int
	Bytes                        int64
	Aborted                      bool
}

// requestsLogged returns the lines of requests for a path.
func requestsLogged(t *testing.T, s *servertest.Server, path string) (list []logged) {
	t.Helper()
	for line := range strings.Lines(s.Log.String()) {
		var l logged
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if l.Msg == "request" && l.Path == path {
			list = append(list, l)
		}
	}
	return list
}

// longestLine is more than any line needs, and less than what any stranger
// could want to write.
const longestLine = 2500

// Whatever a stranger sends, the log line stays short.
func TestLogLinesStayShort(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, trusting127)
	_, host, _ := strings.Cut(s.URL, "://")
	long := strings.Repeat("x", 20_000)
	for name, request := range map[string]string{
		"path":              "GET /" + long + " HTTP/1.1\r\nHost: " + host + "\r\n",
		"path of a page":    "GET /dashboard/" + long + " HTTP/1.1\r\nHost: " + host + "\r\n",
		"path of the API":   "GET /api/" + long + " HTTP/1.1\r\nHost: " + host + "\r\n",
		"path of controls":  "GET /" + strings.Repeat("%01", 6_000) + " HTTP/1.1\r\nHost: " + host + "\r\n",
		"path of no UTF-8":  "GET /" + strings.Repeat("%ff", 6_000) + " HTTP/1.1\r\nHost: " + host + "\r\n",
		"path of é":         "GET /" + strings.Repeat("%c3%a9", 3_000) + " HTTP/1.1\r\nHost: " + host + "\r\n",
		"path of 😀":         "GET /x" + strings.Repeat("%f0%9f%98%80", 1_500) + " HTTP/1.1\r\nHost: " + host + "\r\n",
		"absolute target":   "GET http://" + host + "/" + long + " HTTP/1.1\r\nHost: " + host + "\r\n",
		"query":             "GET /?" + long + " HTTP/1.1\r\nHost: " + host + "\r\n",
		"method":            long + " / HTTP/1.1\r\nHost: " + host + "\r\n",
		"method of the API": long + " /api/auth/login HTTP/1.1\r\nHost: " + host + "\r\n",
		"host":              "GET / HTTP/1.1\r\nHost: " + long + "\r\n",
		"agent":             "POST /api/auth/login HTTP/1.1\r\nHost: " + host + "\r\nUser-Agent: " + long + "\r\nContent-Type: application/json\r\nContent-Length: 36\r\n\r\n" + `{"email":"a@b.example","password":""}`,
		"address":           "GET / HTTP/1.1\r\nHost: " + host + "\r\nX-Forwarded-For: " + long + "\r\n",
		"zone":              "GET / HTTP/1.1\r\nHost: " + host + "\r\nX-Forwarded-For: fe80::1%" + long + "\r\n",
		"forwarded":         "GET / HTTP/1.1\r\nHost: " + host + "\r\nForwarded: " + long + "\r\n",
		"type":              "POST /api/auth/login HTTP/1.1\r\nHost: " + host + "\r\nContent-Type: " + long + "\r\nContent-Length: 2\r\n\r\n{}",
		"cookie":            "GET /api/user/profile HTTP/1.1\r\nHost: " + host + "\r\nCookie: accessToken=" + long + "\r\n",
		"bearer":            "GET /api/user/profile HTTP/1.1\r\nHost: " + host + "\r\nAuthorization: Bearer " + long + "\r\n",
		"no request":        long + "\r\n",
		"no version":        "GET / " + long + "\r\nHost: " + host + "\r\n",
		"no header":         "GET / HTTP/1.1\r\nHost: " + host + "\r\n" + long + "\r\n",
	} {
		connection := dial(t, s)
		if !strings.Contains(request, "\r\n\r\n") {
			request += "Connection: close\r\n\r\n"
		}
		if _, err := io.WriteString(connection, request); err != nil {
			t.Fatal(err)
		}
		if _, err := bufio.NewReader(connection).ReadString('\n'); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		connection.Close()
	}
	s.Stop() // now all is logged
	shortened := 0
	for line := range strings.Lines(s.Log.String()) {
		if len(line) > longestLine {
			t.Errorf("a line of %d bytes: %.300s", len(line), line)
		}
		var l logged
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(l.Path, "…") {
			shortened++
			if len(l.Path) > 260+256*2 || !utf8.ValidString(l.Path) {
				t.Errorf("the path is %q", l.Path)
			}
			if strings.Contains(l.Path, "é") && strings.ContainsRune(l.Path, utf8.RuneError) {
				t.Errorf("a character is cut in two: %q", l.Path)
			}
		}
	}
	if shortened < 7 {
		t.Errorf("only %d paths end in an ellipsis", shortened)
	}
}

// trusting127 makes the test's own address that of a proxy.
func trusting127(c *config.Config) { c.TrustedProxies = append(c.TrustedProxies, loopback...) }

// A number without its unit is anybody's guess.
func TestDurationsNameTheirUnit(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	begun := time.Now()
	s.Client().Get("/healthz").Wants(http.StatusOK)
	most := float64(time.Since(begun)) / float64(time.Millisecond)
	s.Stop()
	lines := 0
	for line := range strings.Lines(s.Log.String()) {
		var logged map[string]any
		if err := json.Unmarshal([]byte(line), &logged); err != nil {
			t.Fatal(err)
		}
		if logged["msg"] != "request" {
			continue
		}
		lines++
		if took, isNumber := logged["durationMs"].(float64); !isNumber || took <= 0 || took > most+0.001 {
			t.Errorf("durationMs is %v, and the answer took %v ms", logged["durationMs"], most)
		}
		if without, found := logged["duration"]; found {
			t.Errorf("duration is %v, of what?", without)
		}
	}
	if lines != 1 {
		t.Errorf("%d requests were logged", lines)
	}
}

// Probes that succeed are for whoever debugs; any other answer of theirs, and
// anything that only looks like them, is for everybody.
func TestProbesDoNotFillTheLog(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	client := s.Client()
	for _, path := range []string{"/healthz", "/readyz", "/", "/healthz/", "/healthzz"} {
		client.Get(path)
		client.Do(http.MethodHead, path, "")
	}
	client.Post("/healthz", "").Wants(http.StatusMethodNotAllowed)
	s.Stop()
	for path, level := range map[string]string{"/healthz": "DEBUG", "/readyz": "DEBUG", "/": "INFO", "/healthz/": "INFO", "/healthzz": "INFO"} {
		lines := requestsLogged(t, s, path)
		if len(lines) < 2 {
			t.Errorf("%s: %d lines", path, len(lines))
		}
		for _, line := range lines {
			if want := map[bool]string{true: "WARN", false: level}[line.Method == "POST"]; line.Level != want {
				t.Errorf("%s %s, status %d: level %s, want %s", line.Method, path, line.Status, line.Level, want)
			}
		}
	}
}

// large is a site with a film on it.
func large(size int) fstest.MapFS {
	site := servertest.Site()
	site["film.webm"] = &fstest.MapFile{Data: make([]byte, size)}
	return site
}

// slowly reads in small steps; each is paused after, so that all of them take
// longer than a client may take nothing for.
func slowly(r io.Reader, step int, pause time.Duration) (total int64, err error) {
	buffer := make([]byte, step)
	for {
		n, err := io.ReadFull(r, buffer)
		total += int64(n)
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return total, nil
		}
		if err != nil {
			return total, err
		}
		time.Sleep(pause)
	}
}

// A download that makes progress is not cut off, over whatever protocol, whole
// or in part; the log tells how much was sent.
func TestSlowDownloadsAreNotCutOff(t *testing.T) {
	t.Parallel()
	const size, patience = 24 << 20, 2 * time.Second
	own := newIdentity(t, 1)
	secure := servertest.StartIn(t, server.Environment{Site: large(size), WriteTime: patience}, withCertificate(t, own))
	open := servertest.StartIn(t, server.Environment{Site: large(size), WriteTime: patience})
	narrow := func(client *http.Client) *http.Client { // little is on its way, so that much is still to be sent
		transport := client.Transport.(*http.Transport)
		transport.DialContext = narrowDialer
		return client
	}
	for _, test := range []struct {
		name   string
		server *servertest.Server
		client *http.Client
		header string
		proto  int
	}{
		{"HTTP/1.1", open, narrow(&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}), "", 1},
		{"a part, HTTP/1.1", open, narrow(&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}), "bytes=0-", 1},
		{"TLS", secure, narrow(&http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: trusting(t, own).Transport.(*http.Transport).TLSClientConfig, TLSNextProto: map[string]func(string, *tls.Conn) http.RoundTripper{}}}), "", 1},
		{"HTTP/2", secure, narrow(trusting(t, own)), "", 2},
		{"a part, HTTP/2", secure, narrow(trusting(t, own)), "bytes=0-", 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, test.server.URL+"/film.webm", nil)
			if err != nil {
				t.Fatal(err)
			}
			if test.header != "" {
				r.Header.Set("Range", test.header)
			}
			answer, err := test.client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Body.Close()
			begun := time.Now()
			got, err := slowly(answer.Body, 256<<10, 60*time.Millisecond)
			if err != nil || got != size || answer.ProtoMajor != test.proto {
				t.Errorf("%d bytes over %s after %v, %v; want %d", got, answer.Proto, time.Since(begun), err, size)
			}
			if took := time.Since(begun); took < 2*patience {
				t.Errorf("it took only %v: this shows nothing", took)
			}
		})
	}
	t.Cleanup(func() {
		for _, s := range []*servertest.Server{open, secure} {
			s.Stop()
			for _, line := range requestsLogged(t, s, "/film.webm") {
				if line.Aborted || line.Bytes != size {
					t.Errorf("the log says %+v", line)
				}
			}
		}
	})
}

// Who takes nothing is cut off, and who goes away has gone; the log says so.
func TestAnswersThatAreCutOff(t *testing.T) {
	t.Parallel()
	const size = 24 << 20
	own := newIdentity(t, 1)
	for _, test := range []struct {
		name   string
		change func(*config.Config)
		client *http.Client
		leaves bool
	}{
		{"takes nothing", func(*config.Config) {}, &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}, false},
		{"goes away", func(*config.Config) {}, &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}, true},
		{"takes nothing, HTTP/2", withCertificate(t, own), trusting(t, own), false},
		{"goes away, HTTP/2", withCertificate(t, own), trusting(t, own), true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := servertest.StartIn(t, server.Environment{Site: large(size), WriteTime: 400 * time.Millisecond}, test.change)
			answer, err := test.client.Get(s.URL + "/film.webm")
			if err != nil {
				t.Fatal(err)
			}
			if test.leaves {
				answer.Body.Close()
				test.client.CloseIdleConnections()
			} else {
				defer answer.Body.Close()
			}
			var lines []logged
			servertest.Eventually(t, "the answer is cut off", func() bool {
				lines = requestsLogged(t, s, "/film.webm")
				return len(lines) == 1
			})
			if line := lines[0]; !line.Aborted || line.Status != http.StatusOK || line.Bytes >= size {
				t.Errorf("the log says %+v", line)
			}
			if strings.Contains(s.Log.String(), `"level":"ERROR"`) {
				t.Errorf("what a client does is no error of ours:\n%s", s.Log)
			}
		})
	}
}

// Connections are kept for as long as the setting says.
func TestIdleConnectionsAreClosed(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, func(c *config.Config) { c.IdleTimeout = time.Second })
	connection := dial(t, s)
	answers := bufio.NewReader(connection)
	fmt.Fprintf(connection, "GET /healthz HTTP/1.1\r\nHost: %s\r\n\r\n", connection.RemoteAddr())
	answer, err := http.ReadResponse(answers, nil)
	if err != nil {
		t.Fatal(err)
	}
	io.Copy(io.Discard, answer.Body) // it is short
	begun := time.Now()
	if _, err := answers.ReadByte(); err != io.EOF {
		t.Errorf("%v after %v, want the end", err, time.Since(begun))
	}
	if took := time.Since(begun); took < 900*time.Millisecond {
		t.Errorf("closed after %v", took)
	}
}

// An API answer that is not sent counts as cut off too, and one that is, not.
func TestWholeAnswersAreNotAborted(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	client := s.Client()
	for _, path := range []string{"/", "/nowhere", "/dashboard", "/api/openapi.json", "/api/user/profile"} {
		client.Get(path)
		client.Do(http.MethodHead, path, "")
		client.Get(path, "If-None-Match", "*")
		client.Get(path, "Range", "bytes=0-0")
	}
	s.Stop()
	if strings.Contains(s.Log.String(), "aborted") {
		t.Errorf("log:\n%s", s.Log)
	}
}
