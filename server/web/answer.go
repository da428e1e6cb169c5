package web

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"
)

const (
	// writeStep is how many bytes of an answer a client may take its time for.
	writeStep = 16 << 10
	// deadlineStep is how often the deadline is moved while bytes go out: more
	// often would only cost time.
	deadlineStep = 64
)

// answerWriter writes an answer in steps and gives each of them time, so that
// a transfer that makes progress is never cut off, however long it takes. It
// remembers whether the answer could be written.
type answerWriter struct {
	http.ResponseWriter
	control  http.ResponseController
	patience time.Duration
	moved    time.Time // when the deadline was moved last
	err      error     // of the first write that failed
}

func newAnswerWriter(w http.ResponseWriter, patience time.Duration) *answerWriter {
	return &answerWriter{ResponseWriter: w, control: *http.NewResponseController(w), patience: patience}
}

// Write writes all of p unless the client takes too long over a step.
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
	// A writer without deadlines, as in a test, has none to move.
	_ = w.control.SetWriteDeadline(now.Add(w.patience))
}

// SetWriteTime gives the answer to a request another patience than the server has:
// so long may its client take nothing of it.
func SetWriteTime(c echo.Context, patience time.Duration) {
	if w, ok := c.Response().Writer.(*answerWriter); ok {
		w.patience, w.moved = patience, time.Time{}
	}
}

// Unwrap is for http.ResponseController.
func (w *answerWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// bufferSize is how much of an answer net/http gathers before it sends.
const bufferSize = 4 << 10

// aborted reports whether the client did not get all of the answer, as far as
// the server can know: what the system has taken over to send counts as sent.
func (w *answerWriter) aborted(c echo.Context) bool {
	size := c.Response().Size
	if w.err == nil && size >= bufferSize && w.declared() >= 0 {
		// What is still gathered goes out now: else its fate would only be known
		// after the log line.
		w.moveDeadline()
		if err := w.control.Flush(); !errors.Is(err, http.ErrNotSupported) {
			w.err = err
		}
	}
	bodiless := c.Request().Method == http.MethodHead || c.Response().Status == http.StatusNotModified
	return w.err != nil || !bodiless && w.declared() > size
}

// declared returns the length that the answer's header promises, or -1.
func (w *answerWriter) declared() int64 {
	length, err := strconv.ParseInt(w.Header().Get(echo.HeaderContentLength), 10, 64)
	if err != nil {
		return -1
	}
	return length
}
