// Package problem owns the words in which Lychgate fails: kinds of failure,
// stable codes, sentences that are safe to show, faults of input fields, and a
// hidden cause for the log. It knows no HTTP and imports nothing of ours;
// package web turns a kind into a status (RFC 9457).
package problem

import (
	"errors"
	"fmt"
	"time"
)

// Kind says what sort of failure an error is. The zero Kind is Internal, so
// that a failure nobody classified is never blamed on the client.
type Kind int

// The kinds of failure.
const (
	Internal         Kind = iota // a fault of ours
	Malformed                    // the request cannot be read
	Invalid                      // the request is readable, its fields are at fault
	Unauthenticated              // who is calling is not known
	Forbidden                    // known or not, it is not allowed
	NotFound                     // there is no such thing
	MethodNotAllowed             // the thing exists, the method does not fit
	Conflict                     // it contradicts what is stored
	TooLarge                     // the body is over the limit
	Unsupported                  // the body is of a type that is not read here
	Misdirected                  // the request is for another host
	TooMany                      // a limit is reached
	Unavailable                  // overload, or a store that fails: try again
)

// Field is one fault of one input field.
type Field struct {
	Field  string `json:"field"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

// Error is a failure that may be shown to a client. Cause is for the log
// alone and never part of an answer.
type Error struct {
	Kind   Kind
	Code   string  // stable, snake_case
	Detail string  // a sentence for people, safe to show
	Fields []Field // faults of the input, if any
	Allow  string  // the methods that are allowed, for MethodNotAllowed
	// Methods are the ways to prove who is calling, any of which will do (RFC 8176).
	Methods []string
	// RetryAfter says how long to wait before trying again; zero where
	// waiting does not help.
	RetryAfter time.Duration
	Cause      error
}

// Error returns the code, the detail and the cause: words for the log.
func (e *Error) Error() string {
	if e.Cause != nil {
		return fmt.Sprintf("%s: %s: %v", e.Code, e.Detail, e.Cause)
	}
	return e.Code + ": " + e.Detail
}

// Unwrap returns the hidden cause.
func (e *Error) Unwrap() error { return e.Cause }

// Is makes two problems equal for errors.Is when their codes are.
func (e *Error) Is(target error) bool {
	var other *Error
	return errors.As(target, &other) && other.Code == e.Code
}

// New returns a problem of a kind.
func New(kind Kind, code, detail string) *Error {
	return &Error{Kind: kind, Code: code, Detail: detail}
}

// The failures that more than one package speaks of.
var (
	ErrUnauthenticated = New(Unauthenticated, "unauthenticated", "Sign in to use this.")
	ErrNotFound        = New(NotFound, "not_found", "There is nothing at this address.")
)

// SecondStep returns the failure of a sign-in that needs another proof, by any of
// these methods, before a session starts.
func SecondStep(methods []string) error {
	return &Error{
		Kind: Unauthenticated, Code: "second_step_required", Detail: "One more step is needed to sign in.", Methods: methods,
	}
}

// Faults returns the failure of a request whose fields are at fault, or nil
// when there are none.
func Faults(fields ...Field) error {
	if len(fields) == 0 {
		return nil
	}
	return &Error{
		Kind:   Invalid,
		Code:   "validation_failed",
		Detail: "Some fields are not right; see errors.",
		Fields: fields,
	}
}

// BadRequest returns the failure of a request that cannot be read.
func BadRequest(detail string, cause error) error {
	return &Error{Kind: Malformed, Code: "invalid_request", Detail: detail, Cause: cause}
}

// Busy returns the failure of a request that came when there was no room for
// it, or when the store did not answer; cause may be nil.
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

// From returns err as a problem; what is none becomes an Internal one with
// err as its cause, so that its text stays hidden.
func From(err error) *Error {
	var p *Error
	if errors.As(err, &p) {
		return p
	}
	return &Error{Kind: Internal, Code: "internal", Detail: "Something went wrong on our side.", Cause: err}
}
