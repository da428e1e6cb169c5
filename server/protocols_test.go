package server_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"lychgate/server/servertest"
	"lychgate/server/site/sitetest"
)

// question is a GET as it goes over the wire.
type question struct {
	target  string
	headers []string
	last    bool // the server is known to close the connection behind it
}

// decision is what the server made of a question: all of the answer that a
// client can see, less what differs from one to the next.
type decision struct {
	status   int
	location string
	body     string
	marked   bool // it holds some of a protected file
}

// refusal is a request that never came to the guard, because net/http could
// not, or would not, read it: 400 in HTTP/1, a stream reset in HTTP/2.
var refusal = decision{status: http.StatusBadRequest}

func (r reply) decision(t *testing.T) decision {
	t.Helper()
	id := r.Header.Get("X-Request-Id")
	if id == "" {
		return decision{status: r.StatusCode}
	}
	var all strings.Builder
	if err := r.Header.Write(&all); err != nil {
		t.Fatal(err)
	}
	return decision{
		status:   r.StatusCode,
		location: r.Header.Get("Location"),
		body:     strings.ReplaceAll(r.body, id, "<id>"),
		marked:   strings.Contains(all.String()+r.body, sitetest.Marker),
	}
}

// protocol is a way to ask questions.
type protocol struct {
	name   string
	shared bool // all questions share a connection
	ask    func(t *testing.T, s *installation, questions []question) []decision
	reads  []reading
}

// reading is a reason why a protocol must read a target in another way than
// HTTP/1.1 does, and which other target it reads.
type reading struct {
	why string
	as  map[string]string
}

// protocols are ways to ask the same questions; what the first one answers is
// what the others must.
var protocols = []protocol{
	{"HTTP/1.1", false, oneByOne("HTTP/1.1"), nil},
	{"HTTP/1.0", false, oneByOne("HTTP/1.0"), nil},
	{"HTTP/1.1, pipelined", true, pipelined, nil},
	{"HTTP/2", true, overHTTP2, readInHTTP2},
}

var readInHTTP2 = []reading{
	{
		"a target ends at a space in HTTP/1 (RFC 9112, section 3), and nowhere in HTTP/2",
		map[string]string{"/dashboard .html": "/dashboard%20.html"},
	},
	{
		"the host is :authority in HTTP/2 (RFC 9113, section 8.3.1), and of a target only the path counts",
		map[string]string{
			"http://dashboard":                     "/",
			"http://dashboard/":                    "/",
			"http://example.com@dashboard/":        "/",
			"http://[::1]/dashboard":               "/dashboard",
			"http://[::ffff:127.0.0.1]/dashboard":  "/dashboard",
			"http://localhost/dashboard":           "/dashboard",
			"http://example.com./dashboard":        "/dashboard",
			"http://example.com:0/dashboard":       "/dashboard",
			"http://example.com:99999/dashboard":   "/dashboard",
			"http://example.com:80/dashboard.html": "/dashboard.html",
		},
	},
}

// readAs returns what HTTP/1.1 must be asked to learn what p should answer.
func (p protocol) readAs(q question) question {
	for _, reading := range p.reads {
		if other, found := reading.as[q.target]; found {
			q.target = other
		}
	}
	return q
}

// installation is one that answers in plain HTTP, as behind a proxy, and with
// a certificate of its own.
type installation struct {
	plain, tls *servertest.Server
	has        identity
	me         string // the header of somebody who is signed in
}

// hostOfTargets is the host that hostile targets of the absolute form name, so
// that they come to the guard.
const hostOfTargets = "example.com"

func newInstallation(t *testing.T) *installation {
	t.Helper()
	s := &installation{plain: servertest.StartWith(t, sitetest.Export(), servertest.At(t, "https://"+hostOfTargets)), has: newIdentity(t, 1)}
	s.tls = s.plain.Again(withCertificate(t, s.has))
	client := s.plain.Client()
	client.Header.Set("Host", hostOfTargets)
	client.Register("ada@example.com")
	s.me = "Cookie: __Host-accessToken=" + client.Cookie("__Host-accessToken")
	return s
}

func (q question) text(version, connection string) string {
	lines := append([]string{"GET " + q.target + " " + version, "Host: " + hostOfTargets, "Connection: " + connection}, q.headers...)
	return strings.Join(lines, "\r\n") + "\r\n\r\n"
}

// oneByOne asks each question on a connection of its own.
func oneByOne(version string) func(t *testing.T, s *installation, questions []question) []decision {
	return func(t *testing.T, s *installation, questions []question) []decision {
		t.Helper()
		var decisions []decision
		for _, q := range questions {
			decisions = append(decisions, send(t, s.plain, q.text(version, "close")).decision(t))
		}
		return decisions
	}
}

// pipelined sends questions one behind the other without waiting for answers.
//
// The server reads no further than to what it cannot read. What lies unread
// when it then closes the connection may cost the answers that are on their
// way, so what it is known to refuse goes over a connection with no more than
// one question before it.
func pipelined(t *testing.T, s *installation, questions []question) []decision {
	t.Helper()
	var decisions []decision
	askUntil := func(end int) {
		t.Helper()
		list := questions[len(decisions):end]
		var text strings.Builder
		for i, q := range list {
			connection := "keep-alive"
			if i == len(list)-1 {
				connection = "close"
			}
			text.WriteString(q.text("HTTP/1.1", connection))
		}
		answers := pipeline(t, s.plain, text.String(), false)
		if len(answers) != len(list) {
			t.Fatalf("%d answers to %d requests, the last of them for %.200q", len(answers), len(list), list[len(list)-1].target)
		}
		for _, answer := range answers {
			decisions = append(decisions, answer.decision(t))
		}
	}
	for i, q := range questions {
		if q.last {
			if before := i - 1; before > len(decisions) {
				askUntil(before)
			}
			askUntil(i + 1)
		}
	}
	if len(decisions) < len(questions) {
		askUntil(len(questions))
	}
	return decisions
}

// pipeline writes requests to one connection, ends that if it is told to, and
// reads answers until the server has ended it too.
func pipeline(t *testing.T, server *servertest.Server, requests string, cut bool) (answers []reply) {
	t.Helper()
	connection := dial(t, server)
	defer connection.Close()
	go func() {
		// The server need not read all of it: what counts are the answers.
		_, _ = io.WriteString(connection, requests)
		if cut {
			_ = connection.(*net.TCPConn).CloseWrite()
		}
	}()
	reader := bufio.NewReader(connection)
	for {
		response, err := http.ReadResponse(reader, nil)
		if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) {
			return answers
		}
		if err != nil {
			t.Fatalf("after %d answers: %v", len(answers), err)
		}
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatalf("half of answer %d: %v", len(answers)+1, err)
		}
		answers = append(answers, reply{response, string(body)})
	}
}

// overHTTP2 asks all questions on one connection.
func overHTTP2(t *testing.T, s *installation, questions []question) []decision {
	t.Helper()
	connection := dialHTTP2(t, s.tls, s.has)
	var decisions []decision
	for _, q := range questions {
		fields := fieldsOf(q.target)
		for _, header := range q.headers {
			name, value, _ := strings.Cut(header, ": ")
			fields = append(fields, field{strings.ToLower(name), value})
		}
		answer, err := connection.send(t, fields...)
		if errors.Is(err, errReset) {
			decisions = append(decisions, refusal)
			continue
		}
		decisions = append(decisions, answer.decision(t))
	}
	return decisions
}

// strangerHeaders are sent with the targets. None says who is calling.
var strangerHeaders = [][]string{
	nil,
	{"Sec-Fetch-Mode: navigate", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Dest: document"},
	{"Sec-Fetch-Mode: cors", "Sec-Fetch-Site: same-origin", "RSC: 1"},
	{"Accept-Encoding: br", "Range: bytes=0-", "If-None-Match: *"},
	{"X-Original-URL: /dashboard", "X-Rewrite-URL: /dashboard.html", "X-Forwarded-Host: " + hostOfTargets, "X-Middleware-Subrequest: middleware"},
	{"Authorization: Bearer x", "Cookie: __Host-accessToken=x; __Host-refreshToken=y"},
}

// TestEveryProtocolGivesTheSameAnswers asks the hostile request targets of
// package site in each protocol that the server speaks. What stands around the
// guard must not undo it, and who is signed in must not stick to a connection.
func TestEveryProtocolGivesTheSameAnswers(t *testing.T) {
	t.Parallel()
	s := newInstallation(t)
	for _, headers := range strangerHeaders {
		t.Run(strings.Join(headers, ", "), func(t *testing.T) {
			t.Parallel()
			s.wantsSame(t, headers, func(p protocol, list []question) []decision {
				decisions := s.askStranger(t, p, list)
				for i, d := range decisions {
					if d.marked || d.status >= http.StatusInternalServerError {
						t.Errorf("%s: %.200q: status %d, a protected file: %v", p.name, list[i].target, d.status, d.marked)
					}
				}
				return decisions
			})
		})
	}
}

// TestEveryProtocolLeadsToTheSameFiles asks as somebody who is signed in, so
// that the test above does not pass for want of anything to find.
func TestEveryProtocolLeadsToTheSameFiles(t *testing.T) {
	t.Parallel()
	s := newInstallation(t)
	s.wantsSame(t, []string{s.me}, func(p protocol, list []question) []decision {
		decisions := p.ask(t, s, list)
		found := 0
		for _, d := range decisions {
			if d.marked {
				found++
			}
		}
		if found < 50 {
			t.Errorf("%s: %d targets lead to a protected file", p.name, found)
		}
		return decisions
	})
}

// wantsSame asks for all targets with some headers, and fails the test where a
// protocol answers in another way than HTTP/1.1 and there is no reason for it.
func (s *installation) wantsSame(t *testing.T, headers []string, ask func(p protocol, list []question) []decision) {
	t.Helper()
	var list []question
	for _, target := range sitetest.Targets(t) {
		list = append(list, question{target: target, headers: headers})
	}
	first := protocols[0]
	known := ask(first, list)
	for i := range list {
		list[i].last = known[i] == refusal
	}
	for _, p := range protocols[1:] {
		for i, got := range ask(p, list) {
			want := known[i]
			if other := p.readAs(list[i]); other.target != list[i].target {
				want = first.ask(t, s, []question{other})[0]
			}
			if got != want {
				t.Errorf("%s: %.200q: %+v, want %+v", p.name, list[i].target, got, want)
			}
		}
	}
}

// askStranger asks as a stranger; where questions share a connection, somebody
// who is signed in asks before each of them.
func (s *installation) askStranger(t *testing.T, p protocol, list []question) []decision {
	t.Helper()
	if !p.shared {
		return p.ask(t, s, list)
	}
	var mixed []question
	for _, q := range list {
		mixed = append(mixed, question{target: "/dashboard", headers: []string{s.me}}, q)
	}
	var decisions []decision
	for i, d := range p.ask(t, s, mixed) {
		if i%2 == 1 {
			decisions = append(decisions, d)
		} else if !d.marked {
			t.Fatalf("%s: the person who is signed in gets status %d", p.name, d.status)
		}
	}
	return decisions
}
