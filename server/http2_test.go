package server_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"lychgate/server/servertest"
)

// http2Connection speaks HTTP/2 frame by frame, since a client library would
// put right, or refuse to send, most of what is tested here.
type http2Connection struct {
	connection *tls.Conn
	framer     *http2.Framer
	block      bytes.Buffer
	encoder    *hpack.Encoder
	stream     uint32 // the next one
}

// field is a header field, or one that begins with a colon: a part of the
// request line.
type field struct{ name, value string }

// dialHTTP2 opens a connection to a server by its certificate.
func dialHTTP2(t *testing.T, server *servertest.Server, has identity) *http2Connection {
	t.Helper()
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(has.certificate)
	connection, err := tls.Dial("tcp", address(server), &tls.Config{RootCAs: pool, ServerName: "localhost", NextProtos: []string{"h2"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { connection.Close() })
	c := &http2Connection{connection: connection, framer: http2.NewFramer(connection, connection), stream: 1}
	c.framer.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	c.encoder = hpack.NewEncoder(&c.block)
	_, err = io.WriteString(connection, http2.ClientPreface)
	const window = 1 << 30 // no answer has to wait for it
	if err := errors.Join(err, c.framer.WriteSettings(), c.framer.WriteWindowUpdate(0, window)); err != nil {
		t.Fatal(err)
	}
	return c
}

// errReset says that the server reset the stream of a request, or ended the
// connection because of it.
var errReset = errors.New("the stream was reset")

// send sends a request without a body and returns the answer.
func (c *http2Connection) send(t *testing.T, fields ...field) (reply, error) {
	t.Helper()
	if err := c.connection.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	c.block.Reset()
	for _, f := range fields {
		if err := c.encoder.WriteField(hpack.HeaderField{Name: f.name, Value: f.value}); err != nil {
			t.Fatal(err)
		}
	}
	stream := c.stream
	c.stream += 2
	err := c.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: c.block.Bytes(), EndStream: true, EndHeaders: true})
	if err != nil {
		t.Fatal(err)
	}
	answer := reply{Response: &http.Response{Header: http.Header{}}}
	for {
		frame, err := c.framer.ReadFrame()
		if err != nil {
			t.Fatalf("%v: no answer: %v (%v)", fields, err, c.framer.ErrorDetail())
		}
		ended := false
		switch frame := frame.(type) {
		case *http2.SettingsFrame:
			if !frame.IsAck() {
				if err := c.framer.WriteSettingsAck(); err != nil {
					t.Fatal(err)
				}
			}
		case *http2.GoAwayFrame:
			return answer, errReset
		case *http2.RSTStreamFrame:
			if frame.StreamID == stream {
				return answer, errReset
			}
		case *http2.MetaHeadersFrame:
			if answer.StatusCode, err = strconv.Atoi(frame.PseudoValue("status")); err != nil {
				t.Fatal(err)
			}
			for _, f := range frame.RegularFields() {
				answer.Header.Add(f.Name, f.Value)
			}
			ended = frame.StreamEnded()
		case *http2.DataFrame:
			answer.body += string(frame.Data())
			ended = frame.StreamEnded()
		}
		if ended {
			return answer, nil
		}
	}
}

// hostileHTTP2 are requests that HTTP/1 has no words for, to a protected page.
// The word <me> is the cookie of somebody who is signed in.
var hostileHTTP2 = []struct {
	name   string
	fields []field
	status int // 0: the stream is reset
}{
	{"control: nobody", fieldsOf("/dashboard"), http.StatusSeeOther},
	{"control: a cookie", fieldsOf("/dashboard", field{"cookie", "<me>"}), http.StatusOK},
	{"control: a cookie among others, which browsers send apart", fieldsOf("/dashboard", field{"cookie", "a=b"}, field{"cookie", "<me>"}), http.StatusOK},

	{"two cookies of one name, sent apart", fieldsOf("/dashboard", field{"cookie", "<me>"}, field{"cookie", "<me>"}), http.StatusSeeOther},
	{"a cookie in two pieces", fieldsOf("/dashboard", field{"cookie", "__Host-accessToken"}, field{"cookie", "=x"}), http.StatusSeeOther},
	{"a cookie with a NUL", fieldsOf("/dashboard", field{"cookie", "a=b\x00; <me>"}), 0},
	{"a cookie behind a line break", fieldsOf("/dashboard", field{"x", "y\r\ncookie: <me>"}), 0},
	{"a cookie with a capital", fieldsOf("/dashboard", field{"Cookie", "<me>"}), 0},
	{"a cookie with a colon", fieldsOf("/dashboard", field{":cookie", "<me>"}), 0},
	{"a cookie with a line break in its name", fieldsOf("/dashboard", field{"x: y\r\ncookie", "<me>"}), 0},
	{"two paths", append([]field{{":path", "/about"}}, fieldsOf("/dashboard")...), 0},
	{"another path behind the header", fieldsOf("/about", field{"x", "y"}, field{":path", "/dashboard"}), 0},
	{"no path", fieldsOf("/dashboard")[:3], 0},
	{"an empty path", fieldsOf(""), 0},
	{"a path with a request behind it", fieldsOf("/about HTTP/1.1\r\nHost: example.com\r\n\r\nGET /dashboard"), 0},
	{"a path with a version", fieldsOf("/dashboard HTTP/1.1"), http.StatusNotFound},
	{"a path without a slash", fieldsOf("dashboard"), 0},
	{"a method with a request behind it", append([]field{{":method", "GET /dashboard HTTP/1.1\r\nX:"}}, fieldsOf("/about")[1:]...), 0},
	{"two methods", append([]field{{":method", "POST"}}, fieldsOf("/dashboard")...), 0},
	{"CONNECT with a path", append([]field{{":method", "CONNECT"}}, fieldsOf("/dashboard")[1:]...), 0},
	{"CONNECT in its own form", []field{{":method", "CONNECT"}, {":authority", hostOfTargets}}, http.StatusMethodNotAllowed},
	{"CONNECT for a socket", append([]field{{":method", "CONNECT"}, {":protocol", "websocket"}}, fieldsOf("/dashboard")[1:]...), 0},
	{"another scheme", []field{{":method", "GET"}, {":scheme", "ftp"}, {":authority", hostOfTargets}, {":path", "/dashboard"}}, 0},
	{"no scheme", []field{{":method", "GET"}, {":authority", hostOfTargets}, {":path", "/dashboard"}}, 0},
	{"another host", []field{{":method", "GET"}, {":scheme", "https"}, {":authority", "evil.example"}, {":path", "/dashboard"}}, http.StatusMisdirectedRequest},
	{"another host beside the right one", fieldsOf("/dashboard", field{"host", "evil.example"}), http.StatusSeeOther},
	{"the right host beside another one", []field{{":method", "GET"}, {":scheme", "https"}, {":authority", "evil.example"}, {":path", "/dashboard"}, {"host", hostOfTargets}}, http.StatusMisdirectedRequest},
	{"somebody before the host", []field{{":method", "GET"}, {":scheme", "https"}, {":authority", "evil@" + hostOfTargets}, {":path", "/dashboard"}}, 0},
	{"chunks", fieldsOf("/dashboard", field{"transfer-encoding", "chunked"}), http.StatusBadRequest},
	{"a connection", fieldsOf("/dashboard", field{"connection", "cookie"}), http.StatusBadRequest},
	{"an upgrade", fieldsOf("/dashboard", field{"upgrade", "h2c"}), http.StatusBadRequest},
	{"a length and no body", fieldsOf("/dashboard", field{"content-length", "5"}), http.StatusSeeOther},
	{"two lengths", fieldsOf("/dashboard", field{"content-length", "0"}, field{"content-length", "5"}), http.StatusSeeOther},
}

// fieldsOf returns the fields of a GET.
func fieldsOf(path string, more ...field) []field {
	return append([]field{{":method", "GET"}, {":scheme", "https"}, {":authority", hostOfTargets}, {":path", path}}, more...)
}

func TestHostileHTTP2(t *testing.T) {
	t.Parallel()
	s := newInstallation(t)
	words := map[string]string{"me": strings.TrimPrefix(s.me, "Cookie: ")}
	for _, hostile := range hostileHTTP2 {
		t.Run(hostile.name, func(t *testing.T) {
			var fields []field
			for _, f := range hostile.fields {
				fields = append(fields, field{f.name, expand(t, f.value, words, 0)})
			}
			answer, err := dialHTTP2(t, s.tls, s.has).send(t, fields...)
			switch {
			case errors.Is(err, errReset):
				if hostile.status != 0 {
					t.Errorf("the stream is reset, want status %d", hostile.status)
				}
			case answer.StatusCode != hostile.status:
				t.Errorf("status %d, want %d", answer.StatusCode, hostile.status)
			case answer.decision(t).marked != (hostile.status == http.StatusOK):
				t.Errorf("status %d, a protected file: %v", answer.StatusCode, answer.decision(t).marked)
			}
		})
	}
}
