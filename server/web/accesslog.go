package web

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

const (
	// linesDelay is how old a line may become before it is written.
	linesDelay = 50 * time.Millisecond
	// mostWaiting is how many bytes of lines may wait while nothing can be
	// written, such as a second of a very busy server. Further lines are dropped.
	mostWaiting = 4 << 20
	// mostSpare is how much memory is kept for later lines.
	mostSpare = 64 << 10
)

// AccessLog writes a line for each answered request, in the format of slog. Lines
// are written many at a time, because each write costs as much as the rest of a
// small answer, and no request waits for one.
type AccessLog struct {
	out    io.Writer
	log    *slog.Logger // decides by level, and reports lines that were dropped
	append func([]byte, *stamp, accessLine) []byte
	kept   AccessLines

	mu      sync.Mutex
	waiting []byte
	stamp   stamp // of the line before
	dropped int
	closed  bool
	wake    chan struct{} // has room for one
	stop    chan struct{} // closed by Close
	ended   chan struct{} // closed when no batch is written any more

	writing sync.Mutex // held while lines are written, in their order
	spare   []byte     // the memory of lines that are written
}

// AccessLines says which answers are logged.
type AccessLines string

// An answer counts as an error if its status is 400 or more, or if it was cut off.
const (
	AllAnswers   AccessLines = "on"
	NoAnswers    AccessLines = "off"
	ErrorAnswers AccessLines = "errors"
)

// accessLine is what is logged of a request.
type accessLine struct {
	at               time.Time
	level            slog.Level
	id, method, path string
	status           int
	bytes            int64
	took             time.Duration
	ip               string
	aborted          bool
}

// NewAccessLog returns a log that writes to out beside log, in the same format.
// Close it at the end.
func NewAccessLog(out io.Writer, log *slog.Logger, asJSON bool, kept AccessLines) *AccessLog {
	l := &AccessLog{
		out: out, log: log, append: appendText, kept: kept,
		wake: make(chan struct{}, 1), stop: make(chan struct{}), ended: make(chan struct{}),
	}
	if asJSON {
		l.append = appendJSON
	}
	go func() {
		defer close(l.ended)
		for {
			select {
			case <-l.stop:
				return
			case <-l.wake:
				time.Sleep(linesDelay)
				l.Flush()
			}
		}
	}()
	return l
}

// keeps reports whether a line is to be logged.
func (l *AccessLog) keeps(ctx context.Context, line accessLine) bool {
	failed := line.status >= http.StatusBadRequest || line.aborted
	return (l.kept == AllAnswers || l.kept == ErrorAnswers && failed) && l.log.Enabled(ctx, line.level)
}

// add takes up a line. A nil log takes none.
func (l *AccessLog) add(ctx context.Context, line accessLine) {
	if l == nil || !l.keeps(ctx, line) {
		return
	}
	if l.wait(line) { // of a request that was cut off at the end
		l.Flush()
	}
}

// wait adds a line to those that wait, and reports whether nobody writes them.
func (l *AccessLog) wait(line accessLine) (closed bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.waiting) > mostWaiting {
		l.dropped++
		return l.closed
	}
	if len(l.waiting) == 0 {
		select {
		case l.wake <- struct{}{}:
		default: // it has been told already
		}
	}
	l.waiting = l.append(l.waiting, &l.stamp, line)
	return l.closed
}

// Flush writes all lines added so far.
func (l *AccessLog) Flush() {
	l.writing.Lock()
	defer l.writing.Unlock()
	l.mu.Lock()
	lines, dropped := l.waiting, l.dropped
	l.waiting, l.dropped = l.spare[:0], 0
	l.mu.Unlock()
	if len(lines) > 0 {
		_, _ = l.out.Write(lines) // what cannot be logged cannot be reported either
	}
	if l.spare = lines; cap(lines) > mostSpare {
		l.spare = nil
	}
	if dropped > 0 {
		l.log.Warn("lines of requests were dropped, because the log was not taken in time", "lines", dropped)
	}
}

// Close writes what is left. A line that is added later is written at once.
func (l *AccessLog) Close() {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	close(l.stop)
	<-l.ended
	l.Flush()
}

// stamp writes times as RFC 3339 says. Most are of the same second as the one
// before, and only their fractions have to be formatted.
type stamp struct {
	second           int64 // since 1970
	untilDot, offset []byte
}

// of formats the second of a time.
func (s *stamp) of(at time.Time) {
	if second := at.Unix(); s.untilDot == nil || s.second != second {
		s.second = second
		s.untilDot = at.AppendFormat(s.untilDot[:0], "2006-01-02T15:04:05")
		s.offset = at.AppendFormat(s.offset[:0], "Z07:00")
	}
}

// appendNano appends a time with as many digits of its fraction as it has.
func (s *stamp) appendNano(b []byte, at time.Time) []byte {
	s.of(at)
	b = append(b, s.untilDot...)
	if fraction := at.Nanosecond(); fraction > 0 {
		b = append(b, '.')
		b = appendDigits(b, fraction, 100_000_000)
		b = bytes.TrimRight(b, "0")
	}
	return append(b, s.offset...)
}

// appendMilli appends a time in milliseconds.
func (s *stamp) appendMilli(b []byte, at time.Time) []byte {
	s.of(at)
	b = append(append(b, s.untilDot...), '.')
	b = appendDigits(b, at.Nanosecond()/1_000_000, 100)
	return append(b, s.offset...)
}

// appendDigits appends n with leading zeros; first is the place value of its first
// digit.
func appendDigits(b []byte, n, first int) []byte {
	for place := first; place > 0; place /= 10 {
		b = append(b, byte('0'+n/place%10))
	}
	return b
}

// appendJSON appends a line as slog.JSONHandler writes it.
func appendJSON(b []byte, s *stamp, line accessLine) []byte {
	b = append(b, `{"time":"`...)
	b = s.appendNano(b, line.at)
	b = append(b, `","level":"`...)
	b = append(b, line.level.String()...)
	b = append(b, `","msg":"request","requestId":"`...)
	b = append(b, line.id...)
	b = append(b, `","method":`...)
	b = appendQuoted(b, line.method)
	b = append(b, `,"path":`...)
	b = appendQuoted(b, line.path)
	b = append(b, `,"status":`...)
	b = strconv.AppendInt(b, int64(line.status), 10)
	b = append(b, `,"bytes":`...)
	b = strconv.AppendInt(b, line.bytes, 10)
	b = append(b, `,"durationMs":`...)
	b = appendMilliseconds(b, line.took)
	b = append(b, `,"ip":`...)
	b = appendQuoted(b, line.ip)
	if line.aborted {
		b = append(b, `,"aborted":true`...)
	}
	return append(b, "}\n"...)
}

// appendQuoted appends a JSON string. What is not UTF-8 becomes U+FFFD.
func appendQuoted(b []byte, text string) []byte {
	b, _ = jsontext.AppendQuote(b, text) // the error says that it was not UTF-8
	return b
}

// appendText appends a line as slog.TextHandler writes it.
func appendText(b []byte, s *stamp, line accessLine) []byte {
	b = append(b, "time="...)
	b = s.appendMilli(b, line.at)
	b = append(b, " level="...)
	b = append(b, line.level.String()...)
	b = append(b, " msg=request requestId="...)
	b = append(b, line.id...)
	b = append(b, " method="...)
	b = appendValue(b, line.method)
	b = append(b, " path="...)
	b = appendValue(b, line.path)
	b = append(b, " status="...)
	b = strconv.AppendInt(b, int64(line.status), 10)
	b = append(b, " bytes="...)
	b = strconv.AppendInt(b, line.bytes, 10)
	b = append(b, " durationMs="...)
	b = appendMilliseconds(b, line.took)
	b = append(b, " ip="...)
	b = appendValue(b, line.ip)
	if line.aborted {
		b = append(b, " aborted=true"...)
	}
	return append(b, '\n')
}

// appendValue appends a value, quoted where its end could not be told otherwise.
func appendValue(b []byte, text string) []byte {
	plain := func(r rune) bool {
		return r != utf8.RuneError && r != ' ' && r != '"' && r != '=' && unicode.IsPrint(r)
	}
	if text == "" || strings.ContainsFunc(text, func(r rune) bool { return !plain(r) }) {
		return strconv.AppendQuote(b, text)
	}
	return append(b, text...)
}

// appendMilliseconds appends a duration in milliseconds, to the microsecond.
func appendMilliseconds(b []byte, d time.Duration) []byte {
	return strconv.AppendFloat(b, float64(d.Microseconds())/1000, 'f', -1, 64)
}
