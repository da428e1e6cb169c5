package server_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"lychgate/server/servertest"
)

// operation is one that takes a body.
type operation struct {
	name, method, path string
	fields             []string // name and value in turn; words stand for what there is
	success            int
}

var operations = []operation{
	{"register", "POST", "/api/auth/register", []string{"email", "<new email>", "password", "<password>", "name", "Mallory"}, http.StatusCreated},
	{"login", "POST", "/api/auth/login", []string{"email", "<email>", "password", "<password>", "tokenDelivery", "body"}, http.StatusOK},
	{"refresh", "POST", "/api/auth/refresh", []string{"refreshToken", "<refresh>"}, http.StatusOK},
	{"profile", "PATCH", "/api/user/profile", []string{"name", "Mallory"}, http.StatusOK},
	{"password", "POST", "/api/user/password", []string{"currentPassword", "<password>", "newPassword", "<new password>"}, http.StatusNoContent},
}

// codes are those that an attack in the body may be answered with.
var codes = map[int]string{
	http.StatusBadRequest:            "invalid_request",
	http.StatusRequestEntityTooLarge: "body_too_large",
	http.StatusUnsupportedMediaType:  "unsupported_media_type",
	http.StatusUnprocessableEntity:   "validation_failed",
}

// badBody says how a body differs from one that is right. Texts may hold words
// in angle brackets; see victim.words.
type badBody struct {
	Name string
	Why  string // where it is not plain

	Body    *string  // instead of the right one
	Field   *string  // JSON that each field in turn has for a value
	Size    int      // spaces in front make it that long
	Type    *string  // instead of application/json; "-" for none
	Headers []string // further ones
	Chunked bool

	Except   []string // operations
	Status   []int
	Accepted bool
}

func TestBadBodies(t *testing.T) {
	server := servertest.Start(t)
	person := newVictim(t, server, "ada@example.com")
	state := watch(t, server)
	people, refused, before := 0, 0, state()
	for _, bad := range load[badBody](t, "bodies.json") {
		for _, op := range operations {
			if slices.Contains(bad.Except, op.name) {
				continue
			}
			t.Run(bad.Name+"/"+op.name, func(t *testing.T) {
				if bad.Accepted {
					people++
					fresh := newVictim(t, server, fmt.Sprintf("person%d@example.com", people))
					answer := fresh.ask(t, op, bad, fresh.bodies(t, op, bad)[0])
					if answer.StatusCode != op.success {
						t.Errorf("status %d, want %d\n%s", answer.StatusCode, op.success, answer.body)
					}
					before = state()
					return
				}
				for _, body := range person.bodies(t, op, bad) {
					refused++
					answer := person.ask(t, op, bad, body)
					answer.wantsRefusal(t, bad.Status)
					answer.wantsSafe(t, person.secrets...)
				}
				if after := state(); after != before {
					t.Error("it changed what is stored")
					before = after
				}
			})
		}
	}
	t.Logf("%d bad bodies", refused)
	if refused < 100 {
		t.Errorf("only %d bad bodies", refused)
	}
	wantsSafeLog(t, server, person.secrets...)
}

// framing is a request whose body does not fit what its headers say of it.
type framing struct {
	Name    string
	Headers []string
	Body    string
	Cut     bool // the connection ends behind the body
	Status  []int
}

func TestBadFramings(t *testing.T) {
	server := servertest.Start(t)
	person := newVictim(t, server, "ada@example.com")
	state := watch(t, server)
	before := state()
	for _, bad := range load[framing](t, "framings.json") {
		for _, op := range operations {
			if op.name == "refresh" {
				continue // it needs no body
			}
			t.Run(bad.Name+"/"+op.name, func(t *testing.T) {
				words := person.wordsFor(t, op)
				length := len(words["valid"])
				words["length"], words["length+10"], words["length-1"], words["length+1"] = strconv.Itoa(length), strconv.Itoa(length+10), strconv.Itoa(length-1), strconv.Itoa(length+1)
				words["hex length"] = strconv.FormatInt(int64(length), 16)
				headers := []string{"Content-Type: application/json", "Authorization: Bearer " + person.access}
				for _, header := range bad.Headers {
					headers = append(headers, expand(t, header, words, 0))
				}
				text := request(server, op.method, op.path, headers, expand(t, bad.Body, words, 0))
				ask := send
				if bad.Cut {
					ask = sendCutShort
				}
				answer := ask(t, server, text)
				if !slices.Contains(bad.Status, answer.StatusCode) {
					t.Errorf("status %d, want one of %v\n%s", answer.StatusCode, bad.Status, answer.body)
				}
				answer.wantsSafe(t, person.secrets...)
			})
		}
	}
	if state() != before {
		t.Error("bad framings changed what is stored")
	}
	wantsSafeLog(t, server, person.secrets...)
}

// wantsRefusal fails the test unless the answer is a problem with one of some
// statuses and the code that goes with it.
func (r reply) wantsRefusal(t *testing.T, statuses []int) {
	t.Helper()
	var problem struct{ Code string }
	if !slices.Contains(statuses, r.StatusCode) || json.Unmarshal([]byte(r.body), &problem) != nil || problem.Code != codes[r.StatusCode] {
		t.Errorf("status %d and %.300s, want a problem with one of %v", r.StatusCode, r.body, statuses)
	}
}

// victim is a person who is signed in, and in whose name bodies are sent.
type victim struct {
	server          *servertest.Server
	access, refresh string
	words           map[string]string
	secrets         []string // that no answer to a bad body and no log may hold
}

const newPassword = "another horse battery staple"

func newVictim(t *testing.T, server *servertest.Server, email string) victim {
	t.Helper()
	client := server.Client()
	client.Register(email)
	v := victim{server: server, access: client.Cookie("accessToken"), refresh: client.Cookie("refreshToken")}
	v.words = map[string]string{
		"email": email, "new email": "new." + email,
		"password": servertest.Password, "new password": newPassword,
		"refresh": v.refresh,
	}
	v.secrets = []string{servertest.Password, newPassword, "battery staple", v.access, v.refresh, rootSecret(t, server)}
	return v
}

// wordsFor returns the words for an operation: <valid> is a body that is
// right, <members> the same without braces, <first> the name of its first
// member and <value> the JSON of that one's value.
func (v victim) wordsFor(t *testing.T, op operation) map[string]string {
	t.Helper()
	words := maps.Clone(v.words)
	first := op.fields[0]
	words["members"] = v.membersWith(t, op, "", "")
	words["valid"] = "{" + words["members"] + "}"
	words["first"], words["FIRST"] = first, strings.ToUpper(first)
	words["first escaped"] = fmt.Sprintf(`\u%04x`, first[0]) + first[1:]
	words["value"] = strconv.Quote(expand(t, op.fields[1], v.words, 0))
	return words
}

// membersWith returns the members of a right body, one of them with a value
// that may be wrong.
func (v victim) membersWith(t *testing.T, op operation, name, value string) string {
	t.Helper()
	var members []string
	for i := 0; i < len(op.fields); i += 2 {
		text := strconv.Quote(expand(t, op.fields[i+1], v.words, 0))
		if op.fields[i] == name {
			text = value
		}
		members = append(members, strconv.Quote(op.fields[i])+":"+text)
	}
	return strings.Join(members, ",")
}

// bodies returns the bodies that are wrong in one way.
func (v victim) bodies(t *testing.T, op operation, bad badBody) (list []string) {
	t.Helper()
	words := v.wordsFor(t, op)
	switch {
	case bad.Field != nil:
		for i := 0; i < len(op.fields); i += 2 {
			list = append(list, "{"+v.membersWith(t, op, op.fields[i], expand(t, *bad.Field, words, 0))+"}")
		}
	case bad.Body != nil:
		list = []string{expand(t, *bad.Body, words, 0)}
	default:
		list = []string{words["valid"]}
	}
	for i, body := range list {
		list[i] = strings.Repeat(" ", max(0, bad.Size-len(body))) + body
	}
	return list
}

// ask sends a body in the name of the victim.
func (v victim) ask(t *testing.T, op operation, bad badBody, body string) reply {
	t.Helper()
	headers := slices.Clone(bad.Headers)
	if strings.HasPrefix(op.path, "/api/user/") {
		headers = append(headers, "Authorization: Bearer "+v.access)
	}
	switch {
	case bad.Type == nil:
		headers = append(headers, "Content-Type: application/json")
	case *bad.Type != "-":
		headers = append(headers, "Content-Type: "+*bad.Type)
	}
	if bad.Chunked {
		body = fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(body), body)
	} else {
		headers = append(headers, "Content-Length: "+strconv.Itoa(len(body)))
	}
	return send(t, v.server, request(v.server, op.method, op.path, headers, body))
}
