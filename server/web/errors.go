package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"lychgate/server/problem"
)

// statuses maps kinds of failure to HTTP status codes.
var statuses = map[problem.Kind]int{
	problem.Internal:         http.StatusInternalServerError,
	problem.Malformed:        http.StatusBadRequest,
	problem.Invalid:          http.StatusUnprocessableEntity,
	problem.Unauthenticated:  http.StatusUnauthorized,
	problem.Forbidden:        http.StatusForbidden,
	problem.NotFound:         http.StatusNotFound,
	problem.MethodNotAllowed: http.StatusMethodNotAllowed,
	problem.Conflict:         http.StatusConflict,
	problem.TooLarge:         http.StatusRequestEntityTooLarge,
	problem.Unsupported:      http.StatusUnsupportedMediaType,
	problem.Misdirected:      http.StatusMisdirectedRequest,
	problem.TooMany:          http.StatusTooManyRequests,
	problem.Unavailable:      http.StatusServiceUnavailable,
}

// document is an application/problem+json body (RFC 9457).
type document struct {
	Type      string          `json:"type"`
	Title     string          `json:"title"`
	Status    int             `json:"status"`
	Detail    string          `json:"detail"`
	Code      string          `json:"code"`
	RequestID string          `json:"requestId"`
	Methods   []string        `json:"methods,omitempty"`
	Errors    []problem.Field `json:"errors,omitempty"`
}

// ErrorHandler answers with a handler's error; it alone turns failures into
// status, code and text. Causes are only logged.
func ErrorHandler(log *slog.Logger) echo.HTTPErrorHandler {
	return func(err error, c echo.Context) {
		if c.Response().Committed {
			say := log.Error
			if exchangeOf(c).err != nil {
				say = log.Debug // caused by the client; the request's log line says so
			}
			say("an answer failed after it had begun", "requestId", RequestID(c), "error", Loggable(err))
			return
		}
		p := fromEcho(err, c)
		status := statuses[p.Kind]
		switch {
		case p.Kind == problem.Internal:
			log.Error("internal error", "requestId", RequestID(c), "error", Loggable(p))
		case errors.Is(p.Cause, context.Canceled): // the client has gone, and took its request along
			log.Debug("request cancelled", "requestId", RequestID(c), "code", p.Code)
		case p.Cause != nil:
			log.Warn("request failed", "requestId", RequestID(c), "code", p.Code, "error", p.Error())
		}
		header := c.Response().Header()
		header.Set(echo.HeaderContentType, "application/problem+json")
		header.Set(echo.HeaderCacheControl, "no-store")
		if p.Kind == problem.Unauthenticated {
			header.Set(echo.HeaderWWWAuthenticate, "Bearer") // RFC 6750, section 3
		}
		if p.Allow != "" {
			header.Set(echo.HeaderAllow, p.Allow)
		}
		if p.RetryAfter > 0 {
			header.Set(echo.HeaderRetryAfter, strconv.Itoa(secondsUp(p.RetryAfter)))
		}
		err = c.JSON(status, document{
			Type:      "about:blank",
			Title:     http.StatusText(status),
			Status:    status,
			Detail:    p.Detail,
			Code:      p.Code,
			RequestID: RequestID(c),
			Methods:   p.Methods,
			Errors:    p.Fields,
		})
		if err != nil {
			log.Debug("an answer could not be sent", "requestId", RequestID(c), "error", err)
		}
	}
}

// fromEcho converts the two failures of Echo's router. Echo adds OPTIONS to the
// allowed methods, which no route answers.
func fromEcho(err error, c echo.Context) *problem.Error {
	var failure *echo.HTTPError
	if !errors.As(err, &failure) {
		return problem.From(err)
	}
	switch failure.Code {
	case http.StatusNotFound:
		return problem.ErrNotFound
	case http.StatusMethodNotAllowed:
		return MethodNotAllowed(strings.TrimPrefix(c.Response().Header().Get(echo.HeaderAllow), "OPTIONS, "))
	default:
		return problem.From(err)
	}
}

// MethodNotAllowed returns the failure of a request with the wrong method;
// allow lists the allowed ones (RFC 9110, section 15.5.6).
func MethodNotAllowed(allow string) *problem.Error {
	p := problem.New(problem.MethodNotAllowed, "method_not_allowed", "This address answers "+allow+" only.")
	p.Allow = allow
	return p
}
