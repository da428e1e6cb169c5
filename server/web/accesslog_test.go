package web

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// asSlog writes a line as slog does.
func asSlog(handler slog.Handler, line accessLine) {
	r := slog.NewRecord(line.at, line.level, "request", 0)
	r.AddAttrs(slog.String("requestId", line.id), slog.String("method", line.method), slog.String("path", line.path),
		slog.Int("status", line.status), slog.Int64("bytes", line.bytes),
		slog.Float64("durationMs", float64(line.took.Microseconds())/1000), slog.String("ip", line.ip))
	if line.aborted {
		r.AddAttrs(slog.Bool("aborted", true))
	}
	_ = handler.Handle(context.Background(), r) // it writes to memory
}

// FuzzAccessLine compares lines with those of slog, which whatever reads the log
// reads too.
func FuzzAccessLine(f *testing.F) {
	for _, path := range []string{"/", "/a b", `/"quoted"\`, "/=", "/\x00\x1f\x7f", "/\xff\xc3", "/é/\u2028\u202e", "/<script>&", "", "/\U0001f600", "/\ufffd", "/\u00ad"} {
		f.Add("GET", path, "192.0.2.1", 200, int64(1234567), int64(1500), false)
	}
	f.Add("", "/", "2001:db8::1", 0, int64(0), int64(-1), true)
	for _, nanoseconds := range []int64{1, 999_999_999, 1_000_000_000, 1_000_000_010, 678_000_000} {
		f.Add("GET", "/", "192.0.2.1", 200, nanoseconds, int64(1), false)
	}
	var shared stamp
	f.Fuzz(func(t *testing.T, method, path, ip string, status int, size, took int64, aborted bool) {
		at := time.Unix(1_893_553_445, size) // a stamp stands for its second, so the size will do as a fraction
		if at = at.UTC(); at.Unix()%2 != 0 {
			at = at.In(time.FixedZone("", -5400))
		}
		line := accessLine{
			at: at, level: slog.LevelWarn, id: "0123456789abcdef0123456789abcdef",
			method: method, path: path, status: status, bytes: size, took: time.Duration(took), ip: ip, aborted: aborted,
		}
		var text, theirs bytes.Buffer
		asSlog(slog.NewTextHandler(&text, nil), line)
		// slog passes on DEL, which some terminals act on.
		if got := appendText(nil, &shared, line); string(got) != text.String() && !strings.Contains(method+path+ip, "\x7f") {
			t.Errorf("text:\n%s, want\n%s", got, &text)
		}
		asSlog(slog.NewJSONHandler(&theirs, nil), line)
		var got, want map[string]any
		ours := appendJSON(nil, &shared, line)
		if err := json.Unmarshal(ours, &got); err != nil {
			t.Fatalf("%v: %s", err, ours)
		}
		if err := json.Unmarshal(theirs.Bytes(), &want); err != nil {
			t.Fatalf("%v: %s", err, &theirs)
		}
		for name := range want {
			if got[name] != want[name] {
				t.Errorf("%s is %q, want %q", name, got[name], want[name])
			}
		}
		if len(got) != len(want) || strings.Count(string(ours), "\n") != 1 {
			t.Errorf("JSON:\n%s, want\n%s", ours, &theirs)
		}
	})
}

// Whoever logs errors only gets these.
func TestAccessLines(t *testing.T) {
	lines := []accessLine{{path: "/ok", status: 200}, {path: "/missing", status: 404}, {path: "/cut", status: 200, aborted: true}, {path: "/probe", status: 200, level: slog.LevelDebug}}
	for kept, want := range map[AccessLines]string{AllAnswers: "/ok /missing /cut /late", ErrorAnswers: "/missing /cut /late", NoAnswers: ""} {
		var out bytes.Buffer
		l := NewAccessLog(&out, slog.New(slog.NewJSONHandler(io.Discard, nil)), true, kept)
		for _, line := range lines {
			l.add(t.Context(), line)
		}
		l.Close()
		l.add(t.Context(), accessLine{path: "/late", status: 500})
		var got []string
		for line := range strings.Lines(out.String()) {
			var logged struct{ Path string }
			if err := json.Unmarshal([]byte(line), &logged); err != nil {
				t.Fatal(err)
			}
			got = append(got, logged.Path)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %q, want %q", kept, got, want)
		}
	}
}

// stuck is a writer that takes nothing until it is let go.
type stuck struct {
	letGo   chan struct{}
	written bytes.Buffer
}

func (s *stuck) Write(p []byte) (int, error) {
	<-s.letGo
	return s.written.Write(p)
}

// Where the log is not taken, requests go on: memory is bounded, and the lines
// that are lost are counted.
func TestLogThatIsNotTaken(t *testing.T) {
	var said bytes.Buffer
	out := &stuck{letGo: make(chan struct{})}
	l := NewAccessLog(out, slog.New(slog.NewJSONHandler(&said, nil)), true, AllAnswers)
	line := accessLine{path: "/" + strings.Repeat("x", 200), status: 200}
	const added = 50_000 // more than may wait
	for range added {
		l.add(t.Context(), line)
	}
	l.mu.Lock()
	if got := len(l.waiting); got > mostWaiting+1000 {
		t.Errorf("%d bytes wait", got)
	}
	l.mu.Unlock()
	close(out.letGo)
	l.Close()
	var logged struct{ Lines int }
	if err := json.Unmarshal(said.Bytes(), &logged); err != nil {
		t.Fatalf("%v: %s", err, &said)
	}
	if written := bytes.Count(out.written.Bytes(), []byte("\n")); written+logged.Lines != added || logged.Lines == 0 {
		t.Errorf("%d lines were written, and %d reported as dropped, of %d", written, logged.Lines, added)
	}
}

// Lines are written without being asked for.
func TestLinesAreWrittenSoon(t *testing.T) {
	out := make(lines, 1)
	l := NewAccessLog(out, slog.New(slog.NewJSONHandler(io.Discard, nil)), false, AllAnswers)
	defer l.Close()
	for range 2 { // also after a pause
		l.add(t.Context(), accessLine{path: "/", status: 200})
		select {
		case <-out:
		case <-time.After(2 * time.Minute):
			t.Fatal("nothing is written")
		}
	}
}

// lines passes on what is written.
type lines chan string

func (l lines) Write(p []byte) (int, error) {
	l <- string(p)
	return len(p), nil
}
