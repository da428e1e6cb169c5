package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"lychgate/server/origin"
	"lychgate/server/problem"
)

// readAndBind reads and binds a body as a JSON route does.
func readAndBind(r *http.Request, into any) error {
	c := echo.New().NewContext(r, httptest.NewRecorder())
	if err := JSON.Read(c); err != nil {
		return err
	}
	return Bind(c, into)
}

// FuzzBind compares Bind with the lenient decoder of the standard library: what
// Bind accepts, both must read in the same way, without any leniency.
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
		if err := readAndBind(r, &got); err != nil {
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

// wantsSafeFailure fails the test unless a failure blames the client in words
// that may be shown.
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

// wantsPlainObject fails the test unless a body is one JSON object of known
// members, each once, with exact names and string values.
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

// FuzzCookies compares the parsing of Cookie headers with the plain rule: exact
// names, each once, and only the names of the origin.
func FuzzCookies(f *testing.F) {
	for _, line := range []string{
		"", "accessToken=a.b-c_d", "accessToken=a; refreshToken=b", "a=b; accessToken=c; d", "__Host-accessToken=a; __Host-refreshToken=b",
		"accessToken=a; accessToken=b", "accessToken=; accessToken=b", `accessToken=a; accessToken="a"`, `accessToken="a b"`, "accessToken",
		"accessToken =a", " accessToken=a ", "\taccessToken=a", "AccessToken=a", "access%54oken=a", "=accessToken=a", "accessToken==a", "a=b, accessToken=c",
		"accessToken=a\x00; accessToken=b", "accessToken=a\\; accessToken=b", `a="; accessToken=b; "`, "\u2000accessToken=a", "accessToken\u00a0=a",
		"__Host-accessToken=a; accessToken=b", "__host-accessToken=a", "__Secure-accessToken=a", "$Version=1; accessToken=a; $Path=/", ";;;accessToken=a;;",
		strings.Repeat("a=b; ", 5000) + "accessToken=a",
	} {
		f.Add(line, "")
		f.Add(line, "accessToken=z")
	}
	f.Fuzz(func(t *testing.T, first, second string) {
		for _, text := range []string{"http://localhost:8080", "https://app.example.com"} {
			public, err := origin.Parse(text)
			if err != nil {
				t.Fatal(err)
			}
			cookies := NewCookies(public, false)
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.Header["Cookie"] = []string{first, second}
			access, refresh, err := cookies.Read(r)
			accesses, refreshes := cookiesOf(r.Header["Cookie"], cookies.access), cookiesOf(r.Header["Cookie"], cookies.refresh)
			if err != nil {
				if access != "" || refresh != "" || len(accesses) < 2 && len(refreshes) < 2 {
					t.Fatalf("%q: %v, access %q, refresh %q", r.Header["Cookie"], err, access, refresh)
				}
				continue
			}
			wantsOne(t, r.Header["Cookie"], access, accesses)
			wantsOne(t, r.Header["Cookie"], refresh, refreshes)
		}
	})
}

// cookiesOf returns the values of a name, splitting a header only at semicolons
// (RFC 6265, section 5.4).
func cookiesOf(lines []string, name string) (values []string) {
	for _, line := range lines {
		for pair := range strings.SplitSeq(line, ";") {
			if got, value, _ := strings.Cut(pair, "="); strings.Trim(got, " \t\r\n") == name {
				values = append(values, value)
			}
		}
	}
	return values
}

// wantsOne fails the test unless read is the single value. Values that cannot
// be tokens may be skipped.
func wantsOne(t *testing.T, lines []string, read string, values []string) {
	t.Helper()
	const enough = 1000 // of cookies: net/http reads none where there are many more
	tokens := 0
	for _, value := range values {
		if value != "" && strings.Trim(strings.ToLower(value), "abcdefghijklmnopqrstuvwxyz0123456789-_.") == "" {
			tokens++
		}
	}
	found := slices.ContainsFunc(values, func(value string) bool {
		value = strings.TrimSpace(value)
		return strings.TrimSpace(read) == value || `"`+read+`"` == value
	})
	switch {
	case read != "" && !found:
		t.Fatalf("%q: %q is read, and is no value there", lines, read)
	case read != "" && tokens > 1:
		t.Fatalf("%q: %q is read of %q", lines, read, values)
	case read == "" && tokens == 1 && len(values) == 1 && strings.Count(strings.Join(lines, ";"), ";") < enough:
		t.Fatalf("%q: nothing is read of %q", lines, values)
	}
}

// FuzzAuthorization checks which requests pass by an Authorization header:
// those with a Bearer token and, from other sites, without cookies. Other
// schemes are ignored.
func FuzzAuthorization(f *testing.F) {
	for _, value := range []string{
		"", "Bearer x", "bearer x", "BEARER x.y.z", "Bearer", "Bearer ", "Bearer  x", "Bearer\tx", "Bearer x y", "Bearer: x", "Bearer=x", "Basic eDp5",
		"BearerX y", "B\u0435arer x", "Bearer x, Bearer y", "\u00a0Bearer x", "x", " Bearer x", "Bearer \x00", "Digest username=\"Bearer x\"", "Basic a, Bearer x",
	} {
		f.Add(value, "-", "cross-site")
		f.Add(value, "", "cross-site")
		f.Add(value, "a=b", "same-origin")
	}
	f.Fuzz(func(t *testing.T, authorization, cookie, site string) {
		const scheme = "bearer"
		ours := len(authorization) >= len(scheme) && strings.ToLower(authorization[:len(scheme)]) == scheme
		if ours && len(authorization) > len(scheme) {
			next := rune(authorization[len(scheme)])
			goesOn := next < 0x80 && (unicode.IsLetter(next) || unicode.IsDigit(next) || strings.ContainsRune("!#$%&'*+-.^_`|~", next))
			ours = !goesOn
		}
		good := ours && len(authorization) > len(scheme)+1 && authorization[len(scheme)] == ' '
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		r.Header["Authorization"] = []string{authorization}
		r.Header["Sec-Fetch-Site"] = []string{site}
		if cookie != "-" {
			r.Header["Cookie"] = []string{cookie}
		}
		token, sent := Bearer(r.Header)
		if sent != ours || (token != "") != good || good && token != authorization[len(scheme)+1:] {
			t.Fatalf("%q: token %q, sent %v", authorization, token, sent)
		}
		own := site == "" || site == "same-origin" || site == "none"
		passed := false
		err := SameOrigin()(func(echo.Context) error { passed = true; return nil })(echo.New().NewContext(r, httptest.NewRecorder()))
		if want := own || good && cookie == "-"; passed != want || (err == nil) != want {
			t.Fatalf("Authorization %q, Cookie %q, from %q: passed %v (%v)", authorization, cookie, site, passed, err)
		}
		for _, other := range []string{"Basic eDp5", "", "Negotiate YQ=="} {
			beside := http.Header{"Authorization": {other, authorization, other}}
			if again, sentAgain := Bearer(beside); again != token || sentAgain != sent {
				t.Fatalf("%q beside %q: token %q, sent %v", authorization, other, again, sentAgain)
			}
		}
		r.Header.Add("Authorization", authorization)
		if token, again := Bearer(r.Header); token != "" || again != sent {
			t.Fatalf("%q twice: token %q, sent %v", authorization, token, again)
		}
	})
}

// FuzzContentType checks that no other type passes as JSON: pages of other
// sites can send forms and text without permission.
func FuzzContentType(f *testing.F) {
	for _, value := range []string{
		"", "application/json", "Application/JSON", " application/json ", "application/json;", "application/json; charset=utf-8", `application/json;charset="UTF-8"`,
		"application/json; charset=utf-16", "application/json; charset*=utf-8''utf-8", "application/json; charset=", "application/json; a=b; a=c", "application/json; a=b",
		"text/plain", "text/plain; application/json", "text/plain, application/json", "application/json, text/plain", "application/x-www-form-urlencoded",
		"multipart/form-data; boundary=x", "application/problem+json", "application/json5", "application/json\x00", "text/plain;x=\"\r\napplication/json\"", "json", "/json", "*/*",
	} {
		f.Add(value, "")
		f.Add(value, "gzip")
		f.Add(value, "Identity")
	}
	f.Fuzz(func(t *testing.T, contentType, encoding string) {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader("{}"))
		r.Header["Content-Type"] = []string{contentType}
		r.Header["Content-Encoding"] = []string{encoding}
		var nothing struct{}
		err := readAndBind(r, &nothing)
		if err != nil {
			if p := problem.From(err); statuses[p.Kind] != http.StatusUnsupportedMediaType || p.Detail == "" {
				t.Fatalf("%q, %q: %v", contentType, encoding, err)
			}
			return
		}
		media, parameters, _ := strings.Cut(strings.ToLower(contentType), ";")
		switch {
		case strings.TrimSpace(media) != echo.MIMEApplicationJSON:
			t.Fatalf("%q is taken for JSON", contentType)
		case strings.Contains(parameters, "charset=") && !strings.Contains(parameters, "utf-8"):
			t.Fatalf("%q is taken for UTF-8", contentType)
		case encoding != "" && !strings.EqualFold(encoding, "identity"):
			t.Fatalf("Content-Encoding %q is accepted", encoding)
		}
		r.Header.Add("Content-Type", contentType)
		if checkType(r.Header) == nil {
			t.Fatalf("%q twice is accepted", contentType)
		}
	})
}

// FuzzBindQuery checks that an accepted query has only known names, each once
// and with a value.
func FuzzBindQuery(f *testing.F) {
	for _, query := range []string{"", "a=1", "a=1&b=2", "a=1&a=2", "a", "a=", "=", "=1", "&", "a=1&", "A=1", "a=%00", "a=%zz", "a=1;b=2", "a=1&c=3", "%61=1", "a[]=1", "a=\xff", "a=1#b", "a=1&b=2&" + strings.Repeat("c=1&", 1000)} {
		f.Add(query)
	}
	f.Fuzz(func(t *testing.T, query string) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.URL.RawQuery = query
		values, err := BindQuery(echo.New().NewContext(r, httptest.NewRecorder()), "a", "b")
		if err != nil {
			wantsSafeFailure(t, err)
			return
		}
		lax := r.URL.Query()
		for name, value := range values {
			if name != "a" && name != "b" || value == "" || len(lax[name]) != 1 || lax.Get(name) != value {
				t.Fatalf("%q: %q is %q", query, name, value)
			}
		}
		if len(lax) != len(values) {
			t.Fatalf("%q: %q, and %q is in it", query, values, lax)
		}
	})
}
