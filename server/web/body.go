package web

import (
	"fmt"
	"io"
	"net/http"

	"github.com/labstack/echo/v4"

	"lychgate/server/problem"
)

// MaxBodyBytes is the maximum size of a JSON body.
const MaxBodyBytes = 64 << 10

// Body is the kind of body a route accepts.
type Body struct {
	kind  bodyKind
	limit int64 // bytes
}

type bodyKind int

const (
	noBody bodyKind = iota
	optionalJSON
	strictJSON
	rawBody
)

// The kinds of body besides Raw.
var (
	// NoBody is for routes without input: the body must be empty or an empty
	// JSON object. It is the zero Body.
	NoBody = Body{}
	// JSON is a required, uncompressed body of type application/json.
	JSON = Body{strictJSON, MaxBodyBytes}
	// OptionalJSON is JSON or no body.
	OptionalJSON = Body{optionalJSON, MaxBodyBytes}
)

// Raw is a body of any type, as sent, up to a limit in bytes.
func Raw(limit int64) Body { return Body{rawBody, limit} }

const bodyKey = "lychgate.body"

// RawBody returns the body that the request's route has read.
func RawBody(c echo.Context) []byte {
	body, _ := c.Get(bodyKey).([]byte)
	return body
}

// Read reads the request's body for Bind and RawBody. It returns a problem if
// the route does not accept it.
func (b Body) Read(c echo.Context) error {
	r := c.Request()
	if r.ContentLength == 0 && b.kind == noBody { // as for every GET
		return nil
	}
	limit := b.limit
	if b.kind == noBody {
		limit = MaxBodyBytes
	}
	body, err := readAll(r, limit)
	if err != nil {
		return err
	}
	if len(body) > 0 && b.kind != rawBody {
		if err := checkType(r.Header); err != nil {
			return err
		}
	}
	switch {
	case b.kind == strictJSON && len(body) == 0:
		return problem.BadRequest("The body is empty; send a JSON object.", nil)
	case b.kind == noBody && len(body) > 0:
		return decode(body, &struct{}{})
	case b.kind == noBody:
		return nil
	}
	c.Set(bodyKey, body)
	return nil
}

func readAll(r *http.Request, limit int64) ([]byte, error) {
	tooLarge := problem.New(problem.TooLarge, "body_too_large", fmt.Sprintf("The body is larger than %d KiB.", limit>>10))
	if r.ContentLength > limit {
		return nil, tooLarge
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, limit+1))
	if err != nil {
		return nil, problem.BadRequest("The body could not be read to its end.", err)
	}
	if int64(len(body)) > limit {
		return nil, tooLarge
	}
	return body, nil
}
