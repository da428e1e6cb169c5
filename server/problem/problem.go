// Package problem owns how Lychgate reports failure: kinds, stable codes,
// sentences safe to show, field errors, and a hidden cause for the log. It
// knows no HTTP and imports nothing of ours; package web maps kinds to status
// codes (RFC 9457).
package problem

import (
	"errors"
	"fmt"
	"time"
)

// Kind is the kind of a failure. The zero Kind is Internal, so that an
// unclassified failure is never blamed on the client.
type Kind int

// The kinds of failure.
const (
	Internal         Kind = iota // a bug or fault of ours
	Malformed                    // the request cannot be read
	Invalid                      // the request is readable, but fields are invalid
	Unauthenticated              // the caller is not authenticated
	Forbidden                    // authenticated or not, the caller is not allowed
	NotFound                     // it does not exist
	MethodNotAllowed             // it exists, but not for this method
	Conflict                     // it conflicts with what is stored
	TooLarge                     // the body exceeds the limit
	Unsupported                  // the media type of the body is not supported
	Misdirected                  // the request is for another host
	TooMany                      // a limit is reached
	Unavailable                  // overload or a failing store: try again
)

// Field is an error of an input field.
type Field struct {
	Field  string `json:"field"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

// Error is a failure that may be shown to clients. Cause is only for the log.
type Error struct {
	Kind   Kind
	Code   string  // stable, snake_case
	Detail string  // a sentence for people, safe to show
	Fields []Field // field errors, if any
	Allow  string  // allowed methods, for MethodNotAllowed
	// Methods are the authentication methods (RFC 8176), any one of which is
	// enough.
	Methods []string
	// RetryAfter is how long to wait before trying again; zero if waiting does
	// not help.
	RetryAfter time.Duration
	Cause      error
}

// Error returns code, detail and cause, for the log.
func (e *Error) Error() string {
	if e.Cause != nil {
		return fmt.Sprintf("%s: %s: %v", e.Code, e.Detail, e.Cause)
	}
	return e.Code + ": " + e.Detail
}

// Unwrap returns the hidden cause.
func (e *Error) Unwrap() error { return e.Cause }

// Is makes problems with the same code equal for errors.Is.
func (e *Error) Is(target error) bool {
	other, ok := target.(*Error)
	return ok && other.Code == e.Code
}

// New returns a problem of a kind.
func New(kind Kind, code, detail string) *Error {
	return &Error{Kind: kind, Code: code, Detail: detail}
}

// Failures shared by several packages.
var (
	ErrUnauthenticated = New(Unauthenticated, "unauthenticated", "Sign in to use this.")
	ErrNotFound        = New(NotFound, "not_found", "There is nothing at this address.")
)

// SecondStep returns the failure of a sign-in that needs a second
// authentication method before a session starts.
func SecondStep(methods []string) error {
	return &Error{
		Kind: Unauthenticated, Code: "second_step_required", Detail: "One more step is needed to sign in.", Methods: methods,
	}
}

// Faults returns the failure of a request with field errors, or nil if there
// are none.
func Faults(fields ...Field) error {
	if len(fields) == 0 {
		return nil
	}
	return &Error{
		Kind:   Invalid,
		Code:   "validation_failed",
		Detail: "Some fields are not valid; see errors.",
		Fields: fields,
	}
}

// BadRequest returns the failure of an unreadable request.
func BadRequest(detail string, cause error) error {
	return &Error{Kind: Malformed, Code: "invalid_request", Detail: detail, Cause: cause}
}

// Busy returns the failure of a request refused by overload or a failing store;
// cause may be nil.
func Busy(retryAfter time.Duration, cause error) error {
	return &Error{
		Kind:       Unavailable,
		Code:       "unavailable",
		Detail:     "This cannot be done right now. Nothing was changed; try again shortly.",
		RetryAfter: retryAfter,
		Cause:      cause,
	}
}

// RateLimited returns the failure of a request over a limit.
func RateLimited(retryAfter time.Duration) error {
	return &Error{
		Kind:       TooMany,
		Code:       "rate_limited",
		Detail:     "There were too many attempts. Wait a little, then try again.",
		RetryAfter: retryAfter,
	}
}

// From returns err as a problem. Any other error becomes the cause of an
// Internal one, so that its text stays hidden.
func From(err error) *Error {
	var p *Error
	if errors.As(err, &p) {
		return p
	}
	return &Error{Kind: Internal, Code: "internal", Detail: "Something went wrong on our side.", Cause: err}
}
