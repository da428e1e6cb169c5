package server_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"lychgate/server/servertest"
)

// smuggling is a stranger's message to a protected page that two readers may
// see end at different places. Behind it, on the same connection, comes the
// request of somebody who is signed in, as a proxy would send both: that one
// asks for a public page, and so nothing that is protected may come out.
type smuggling struct {
	Name    string
	Why     string // where it is not plain
	Line    string // instead of GET /dashboard HTTP/1.1
	Headers []string
	Body    string
	Text    string // instead of all that
	Cut     bool   // the connection ends behind it and the next request
	Answers []int  // the statuses of all answers there are
}

// hidden is the beginning of a request that wants to swallow the next one,
// with its cookies.
const hidden = "GET /dashboard HTTP/1.1\r\nX: "

func TestSmuggledRequests(t *testing.T) {
	s := newInstallation(t)
	next := "GET /about HTTP/1.1\r\nHost: " + hostOfTargets + "\r\n" + "Connection: close\r\n" + s.me + "\r\n\r\n"
	whole := "GET /dashboard HTTP/1.1\r\nHost: " + hostOfTargets + "\r\n" + s.me + "\r\n\r\n"
	credentials := servertest.Object("email", "ada@example.com", "password", servertest.Password)
	words := map[string]string{
		"host": hostOfTargets, "me": s.me,
		"hidden": hidden, "length": strconv.Itoa(len(hidden)), "length+5": strconv.Itoa(len(hidden) + 5), "hex length": strconv.FormatInt(int64(len(hidden)), 16),
		"whole": whole, "length of whole": strconv.Itoa(len(whole)),
		"login": "POST /api/auth/login HTTP/1.1\r\nHost: " + hostOfTargets + "\r\nContent-Type: application/json\r\nContent-Length: " + strconv.Itoa(len(credentials)) + "\r\n\r\n" + credentials,
	}
	if swallowed := pipeline(t, s.plain, hidden+next, false); len(swallowed) != 1 || !swallowed[0].decision(t).marked {
		t.Fatalf("%v: the next request is good for nothing, and the test proves nothing", swallowed)
	}
	for _, attack := range load[smuggling](t, "smuggling.json") {
		t.Run(attack.Name, func(t *testing.T) {
			text := attack.Text
			if text == "" {
				line := attack.Line
				if line == "" {
					line = "GET /dashboard HTTP/1.1"
				}
				text = strings.Join(append([]string{line, "Host: <host>"}, attack.Headers...), "\r\n") + "\r\n\r\n" + attack.Body
			}
			var statuses []int
			for _, answer := range pipeline(t, s.plain, expand(t, text, words, 0)+next, attack.Cut) {
				statuses = append(statuses, answer.StatusCode)
				if answer.decision(t).marked {
					t.Errorf("answer %d holds a protected file:\n%s", len(statuses), answer.body)
				}
			}
			if !slices.Equal(statuses, attack.Answers) {
				t.Errorf("the statuses are %v, want %v", statuses, attack.Answers)
			}
		})
	}
	wantsSafeLog(t, s.plain, s.me, servertest.Password)
}
