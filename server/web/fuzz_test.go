package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"lychgate/server/problem"
)

// FuzzBind holds Bind against the decoder of the standard library, which is
// lax: what Bind accepts, that one must read in the same way, and none of its
// liberties may have been needed.
func FuzzBind(f *testing.F) {
	for _, body := range []string{
		`{}`, `{"email":"a"}`, `{"email":"a","password":"b","name":"c"}`, ` {"name" : "\u00e9\n\ud83d\ude00" } `,
		`{"email":"a","email":"b"}`, `{"email":"a","\u0065mail":"b"}`, `{"Email":"a"}`, `{"EMAIL":"a"}`, `{"ｅmail":"a"}`, `{"email ":"a"}`,
		`{"x":1}`, `{"":1}`, `{"email":null}`, `{"name":null}`, `null`, `{"email":1}`, `{"email":[]}`, `{"email":{"a":1,"a":2}}`,
		`{"email":"\ud800"}`, "{\"email\":\"\xff\"}", "{\"email\":\"\xc0\xaf\"}", "\ufeff{}", `{"email":"\u0000"}`, "{\"email\":\"\x00\"}",
		`{}{}`, `{} x`, `{"email":"a",}`, `{'email':'a'}`, `{email:"a"}`, `{"email":NaN}`, `{/**/}`, `{}//`, `[]`, `""`, `0`, `true`, ``, ` `,
		`{"email":"a"`, `{"email":`, `{"email":"a\`, "{\"email\":\"a\nb\"}", `{"email":"\x41"}`, `{"email":"\u12"}`,
		strings.Repeat("[", 11000), strings.Repeat(`{"email":`, 11000), `{"name":"` + strings.Repeat("a", MaxBodyBytes) + `"}`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		type input struct {
			Email    string  `json:"email"`
			Password string  `json:"password"`
			Name     *string `json:"name"`
		}
		var got input
		r := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(body))
		r.Header.Set(echo.HeaderContentType, echo.MIMEApplicationJSON)
		if err := Bind(echo.New().NewContext(r, httptest.NewRecorder()), &got); err != nil {
			wantsSafeFailure(t, err)
			return
		}
		var want input
		decoder := json.NewDecoder(bytes.NewReader(body))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&want); err != nil {
			t.Fatalf("%q is accepted: %v", body, err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%q: %+v, want %+v", body, got, want)
		}
		if len(body) > MaxBodyBytes || !utf8.Valid(body) || !json.Valid(body) {
			t.Fatalf("%q is accepted", body)
		}
		wantsPlainObject(t, body, "email", "password", "name")
	})
}

// wantsSafeFailure fails the test unless a failure blames the client, in
// words that may be shown.
func wantsSafeFailure(t *testing.T, err error) {
	t.Helper()
	var p *problem.Error
	if !errors.As(err, &p) {
		t.Fatalf("no problem: %v", err)
	}
	switch statuses[p.Kind] {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
	default:
		t.Fatalf("status %d: %v", statuses[p.Kind], err)
	}
	if p.Detail == "" || strings.Contains(p.Detail, "json") || (p.Kind == problem.Invalid) != (len(p.Fields) > 0) {
		t.Fatalf("detail %q, fields %v", p.Detail, p.Fields)
	}
}

// wantsPlainObject fails the test unless a body is one JSON object that has
// only known members, each once, spelt as they are and with text for a value.
func wantsPlainObject(t *testing.T, body []byte, known ...string) {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(body))
	next := func() json.Token {
		token, err := decoder.Token()
		if err != nil {
			t.Fatalf("%q is accepted: %v", body, err)
		}
		return token
	}
	if next() != json.Delim('{') {
		t.Fatalf("%q is accepted, and is no object", body)
	}
	left := make(map[any]bool)
	for _, name := range known {
		left[name] = true
	}
	for decoder.More() {
		name := next()
		if !left[name] {
			t.Fatalf("%q is accepted with a member %q that is unknown or there twice", body, name)
		}
		delete(left, name)
		if value, isText := next().(string); !isText || strings.ContainsRune(value, utf8.RuneError) && !bytes.ContainsRune(body, utf8.RuneError) && !bytes.Contains(bytes.ToLower(body), []byte(`\ufffd`)) {
			t.Fatalf("%q is accepted, and %q is no text, or was mended", body, name)
		}
	}
	next()
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		t.Fatalf("%q is accepted with something behind it", body)
	}
}
