package server_test

import (
	"bufio"
	"bytes"
	"database/sql"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"lychgate/server/servertest"
)

// Attacks are written down as data, below testdata/attacks, and go over a
// socket byte for byte: a client library would put many of them right.

// load reads a file of attacks.
func load[T any](t *testing.T, name string) []T {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "attacks", name))
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	decoder.UseNumber() // numbers go on as they are written
	var cases []T
	if err := decoder.Decode(&cases); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return cases
}

// reply is the answer to a request that was sent as it stands.
type reply struct {
	*http.Response
	body string
}

// send writes the text of a request to the server and reads the answer.
func send(t *testing.T, server *servertest.Server, request string) reply {
	t.Helper()
	return sendThen(t, server, request, func(*net.TCPConn) error { return nil })
}

// sendCutShort is send for a client that promises more than it sends: nothing
// follows the text.
func sendCutShort(t *testing.T, server *servertest.Server, request string) reply {
	t.Helper()
	return sendThen(t, server, request, (*net.TCPConn).CloseWrite)
}

func sendThen(t *testing.T, server *servertest.Server, request string, then func(*net.TCPConn) error) reply {
	t.Helper()
	connection := dial(t, server)
	defer connection.Close()
	// The server may answer and close before it has read all of a request
	// that it refuses: what counts is the answer.
	_, writeErr := io.WriteString(connection, request)
	writeErr = errors.Join(writeErr, then(connection.(*net.TCPConn)))
	method, _, _ := strings.Cut(request, " ")
	response, err := http.ReadResponse(bufio.NewReader(connection), &http.Request{Method: method})
	if err != nil {
		t.Fatalf("no answer: %v (%v)\n%.200s", err, writeErr, request)
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatalf("half an answer: %v\n%.200s", err, request)
	}
	return reply{response, string(body)}
}

// address returns host and port of a server.
func address(server *servertest.Server) string {
	_, address, _ := strings.Cut(server.URL, "://")
	return address
}

// request writes down a request with a Host header that fits, and no other.
func request(server *servertest.Server, method, target string, headers []string, body string) string {
	lines := append([]string{method + " " + target + " HTTP/1.1", "Host: " + address(server), "Connection: close"}, headers...)
	return strings.Join(lines, "\r\n") + "\r\n\r\n" + body
}

// innerWords are what errors of Go, SQLite and our libraries are made of.
var innerWords = regexp.MustCompile(`(?i)sqlite|\bsql\b|\bselect\b|constraint|jsontext|unmarshal|goroutine|runtime error|panic|\.go:\d|strconv|lychgate/server|unexpected EOF|\bjwt\b|ecdsa|bcrypt|0x[0-9a-f]{6}`)

// wantsSafe fails the test when an answer to an attack says what it must not.
func (r reply) wantsSafe(t *testing.T, secrets ...string) {
	t.Helper()
	if r.StatusCode >= http.StatusInternalServerError {
		t.Errorf("status %d: an attack is never a fault of ours\n%s", r.StatusCode, r.body)
	}
	if r.StatusCode >= http.StatusBadRequest {
		if found := innerWords.FindString(r.body); found != "" {
			t.Errorf("the answer holds words of an inner error, %q:\n%s", found, r.body)
		}
	}
	var all bytes.Buffer
	if err := r.Header.Write(&all); err != nil {
		t.Fatal(err)
	}
	all.WriteString(r.body)
	wantsNone(t, "the answer", all.String(), secrets)
}

// wantsSafeLog fails the test when the log says what it must not.
func wantsSafeLog(t *testing.T, server *servertest.Server, secrets ...string) {
	t.Helper()
	log := server.Log.String()
	for line := range strings.Lines(log) {
		if strings.Contains(line, "internal error") || strings.Contains(line, `"status":5`) {
			t.Errorf("the log tells of a fault of ours: %s", line)
		}
	}
	wantsNone(t, "the log", log, secrets)
}

func wantsNone(t *testing.T, where, text string, secrets []string) {
	t.Helper()
	for _, secret := range secrets {
		if secret != "" && strings.Contains(text, secret) {
			t.Errorf("%s holds the secret %.40q", where, secret)
		}
	}
}

// rootSecret is what the server keeps outside the database.
func rootSecret(t *testing.T, server *servertest.Server) string {
	t.Helper()
	text, err := os.ReadFile(server.Config.SecretPath())
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}

// watch returns a function that tells all accounts and sessions there are, so
// that a test can see whether anything changed.
func watch(t *testing.T, server *servertest.Server) func() string {
	t.Helper()
	db, err := sql.Open("sqlite", server.Config.DatabasePath())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return func() string {
		t.Helper()
		var state string
		err := db.QueryRowContext(t.Context(), `
			SELECT (SELECT group_concat(email || ' ' || name || ' ' || password_hash, char(10)) FROM users)
			    || (SELECT group_concat(id || ' ' || generation || ' ' || coalesce(ended_at, ''), char(10)) FROM sessions)`).Scan(&state)
		if err != nil {
			t.Fatal(err)
		}
		return state
	}
}
