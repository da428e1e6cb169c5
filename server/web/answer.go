package web

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"
)

const (
	// writeStep is how many bytes are written under one deadline.
	writeStep = 16 << 10
	// deadlineStep is how many times per patience the deadline is moved; more
	// often would only cost time.
	deadlineStep = 64
)

// answerWriter writes an answer in steps, each with its own deadline, so that a
// transfer that makes progress is never cut off. It remembers whether writing
// failed.
type answerWriter struct {
	http.ResponseWriter
	control  http.ResponseController
	patience time.Duration
	moved    time.Time // when the deadline was last moved
	err      error     // of the first write that failed
}

func (w *answerWriter) begin(to http.ResponseWriter, patience time.Duration) {
	w.ResponseWriter, w.control, w.patience = to, *http.NewResponseController(to), patience
}

// Write writes all of p unless the client takes too long for a step.
func (w *answerWriter) Write(p []byte) (written int, err error) {
	for {
		step := p[written:min(len(p), written+writeStep)]
		w.moveDeadline()
		n, err := w.ResponseWriter.Write(step)
		written += n
		if err != nil {
			w.err = err
			return written, err
		}
		if written == len(p) {
			return written, nil
		}
	}
}

func (w *answerWriter) moveDeadline() {
	now := time.Now()
	if w.patience <= 0 || now.Sub(w.moved) < w.patience/deadlineStep {
		return
	}
	w.moved = now
	// Writers without deadlines, as in tests, need none.
	_ = w.control.SetWriteDeadline(now.Add(w.patience))
}

// SetWriteTime changes how long the client of one request may take nothing of its
// answer, for a route that is more patient or less than the server.
func SetWriteTime(c echo.Context, patience time.Duration) {
	x := exchangeOf(c)
	x.patience, x.moved = patience, time.Time{}
}

// Unwrap supports http.ResponseController.
func (w *answerWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// bufferSize is the size of net/http's write buffer.
const bufferSize = 4 << 10

// aborted reports whether the client did not receive the whole answer, as far
// as the server can know: what the system has buffered counts as sent.
func (w *answerWriter) aborted(c echo.Context) bool {
	size := c.Response().Size
	if w.err == nil && size >= bufferSize && w.declared() >= 0 {
		// Flush the buffer now, or its fate would only be known after the log
		// line.
		w.moveDeadline()
		if err := w.control.Flush(); !errors.Is(err, http.ErrNotSupported) {
			w.err = err
		}
	}
	bodiless := c.Request().Method == http.MethodHead || c.Response().Status == http.StatusNotModified
	return w.err != nil || !bodiless && w.declared() > size
}

// declared returns the announced Content-Length, or -1.
func (w *answerWriter) declared() int64 {
	values := w.Header()[echo.HeaderContentLength]
	if len(values) == 0 {
		return -1
	}
	length, err := strconv.ParseInt(values[0], 10, 64)
	if err != nil {
		return -1
	}
	return length
}
