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
	// gatheredFrom is from how many bytes on net/http sends a write on without
	// waiting for the end of the answer. Each such write is two for the system: the
	// headers with what fits beside them into a buffer, and the rest.
	gatheredFrom = 2 << 10
)

// gatherer is a connection that can write headers and body at once, and moves the
// deadline of a write that makes progress; see listen.Listener.
type gatherer interface {
	Gather()     // holds back small writes
	Send() error // writes what was held back
}

// answerWriter writes an answer whose deadline moves while it makes progress, so
// that no such transfer is cut off. It remembers whether writing failed.
type answerWriter struct {
	http.ResponseWriter
	control  http.ResponseController
	gatherer gatherer // nil where there is none
	patience time.Duration
	moved    time.Time // when the deadline was last moved
	err      error     // of the first write that failed
}

func (w *answerWriter) begin(c echo.Context, patience time.Duration) {
	to := c.Response().Writer
	w.ResponseWriter, w.control, w.patience = to, *http.NewResponseController(to), patience
	w.gatherer = peerOf(c.Request()).gatherer
}

// Write writes all of p unless the client takes nothing of it for too long.
func (w *answerWriter) Write(p []byte) (written int, err error) {
	if w.gatherer != nil && len(p) >= gatheredFrom {
		written, err = w.writeGathered(p)
	} else {
		written, err = w.writeInSteps(p)
	}
	if err != nil && w.err == nil {
		w.err = err
	}
	return written, err
}

func (w *answerWriter) writeGathered(p []byte) (written int, err error) {
	w.moveDeadline()
	w.gatherer.Gather()
	written, err = w.ResponseWriter.Write(p)
	if err == nil {
		err = w.control.Flush()
	}
	if sendErr := w.gatherer.Send(); err == nil {
		err = sendErr
	}
	return written, err
}

// writeInSteps gives each step its own deadline, which HTTP/2 needs: it has one of
// its own for each answer.
func (w *answerWriter) writeInSteps(p []byte) (written int, err error) {
	for {
		step := p[written:min(len(p), written+writeStep)]
		w.moveDeadline()
		n, err := w.ResponseWriter.Write(step)
		written += n
		if err != nil || written == len(p) {
			return written, err
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
