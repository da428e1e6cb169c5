package web

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/labstack/echo/v4"

	"lychgate/server/problem"
)

// Bind decodes the request's JSON body, which the route has read, into a
// struct, strictly: only known members, each once and of the right type (RFC
// 8259, RFC 7493). Without an optional body, into stays unchanged. It returns a
// problem that says what is wrong.
func Bind(c echo.Context, into any) error {
	body, read := c.Get(bodyKey).([]byte)
	switch {
	case !read:
		return errors.New("web: the handler binds a body, but its route takes none: correct the row in the table of routes")
	case len(body) == 0:
		return nil
	}
	return decode(body, into)
}

// BindQuery reads the request's query strictly: only the given names, each at
// most once. It returns the values by name, or a problem that says what is
// wrong.
func BindQuery(c echo.Context, names ...string) (map[string]string, error) {
	query, err := url.ParseQuery(c.Request().URL.RawQuery)
	if err != nil {
		return nil, problem.BadRequest("The query cannot be read.", nil)
	}
	values := make(map[string]string, len(query))
	for _, name := range slices.Sorted(maps.Keys(query)) {
		fault := problem.Field{Field: name}
		switch value := query[name]; {
		case !slices.Contains(names, name):
			fault.Code, fault.Detail = "unknown_field", "This field is not known here."
		case len(value) > 1:
			fault.Code, fault.Detail = "unknown_value", "Give this once."
		case value[0] == "":
			fault.Code, fault.Detail = "required", "Give this a value, or leave it out."
		default:
			values[name] = value[0]
			continue
		}
		return nil, problem.Faults(fault)
	}
	return values, nil
}

func checkType(header http.Header) error {
	for _, encoding := range header.Values(echo.HeaderContentEncoding) {
		if encoding != "" && !strings.EqualFold(encoding, "identity") {
			return problem.New(problem.Unsupported, "unsupported_media_type", "Compressed bodies are not supported. Send the body without Content-Encoding.")
		}
	}
	mediaType, parameters, err := mime.ParseMediaType(header.Get(echo.HeaderContentType))
	if err != nil || mediaType != echo.MIMEApplicationJSON || !isUTF8(parameters["charset"]) || len(header.Values(echo.HeaderContentType)) != 1 {
		return problem.New(problem.Unsupported, "unsupported_media_type", "Send JSON, with Content-Type: application/json.")
	}
	return nil
}

// isUTF8 accepts the spellings of UTF-8 that clients use, the only encoding of
// JSON (RFC 8259, section 8.1).
func isUTF8(charset string) bool {
	return charset == "" || strings.EqualFold(charset, "utf-8") || strings.EqualFold(charset, "utf8")
}

func decode(body []byte, into any) error {
	err := json.Unmarshal(body, into, json.RejectUnknownMembers(true))
	if err == nil {
		return withoutNull(body)
	}
	var semantic *json.SemanticError
	if !errors.As(err, &semantic) {
		return unreadable(err)
	}
	if errors.Is(err, json.ErrUnknownName) {
		return problem.Faults(problem.Field{Field: fieldAt(semantic.JSONPointer), Code: "unknown_field", Detail: "This field is not known here."})
	}
	// The decoder stops at the first wrong type, but invalid JSON after it is
	// the more serious error.
	if err := wellFormed(body); err != nil {
		return unreadable(err)
	}
	return wrongType(semantic.JSONPointer)
}

// withoutNull refuses null, which the decoder accepts as the zero value of any
// type. No input uses it.
func withoutNull(body []byte) error {
	decoder := jsontext.NewDecoder(bytes.NewReader(body))
	for token, err := decoder.ReadToken(); err == nil; token, err = decoder.ReadToken() {
		if token.Kind() == jsontext.KindNull {
			return wrongType(decoder.StackPointer())
		}
	}
	return nil // the decoder found no other error
}

func wrongType(at jsontext.Pointer) error {
	return problem.Faults(problem.Field{Field: fieldAt(at), Code: "wrong_type", Detail: "This value is of the wrong type."})
}

func fieldAt(at jsontext.Pointer) string {
	return strings.ReplaceAll(strings.TrimPrefix(string(at), "/"), "/", ".")
}

func wellFormed(body []byte) error {
	decoder := jsontext.NewDecoder(bytes.NewReader(body))
	if _, err := decoder.ReadValue(); err != nil {
		return err
	}
	if _, err := decoder.ReadToken(); !errors.Is(err, io.EOF) {
		return errors.New("data after the value")
	}
	return nil
}

// unreadable says where a body is not valid JSON. Its cause is dropped and not
// even logged: it quotes the body, which may contain a misplaced password.
func unreadable(err error) error {
	detail := "The body is not valid JSON."
	var syntactic *jsontext.SyntacticError
	if errors.As(err, &syntactic) {
		detail = fmt.Sprintf("The body is not valid JSON, at byte %d.", syntactic.ByteOffset)
		if errors.Is(err, jsontext.ErrDuplicateName) {
			detail = "The body names a member twice."
		}
	}
	return problem.BadRequest(detail, nil)
}
