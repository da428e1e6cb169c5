package web_test

import (
	"bytes"
	"errors"
	"log/slog"
	"net/url"
	"strings"
	"testing"

	"lychgate/server/web"
)

// Nothing makes a line long: neither the message nor any attribute, including
// those added once for many lines.
func TestBoundedLog(t *testing.T) {
	long := strings.Repeat("é", 20_000)
	for name, write := range map[string]func(*slog.Logger){
		"message":   func(l *slog.Logger) { l.Error(long) },
		"text":      func(l *slog.Logger) { l.Error("x", "a", long) },
		"error":     func(l *slog.Logger) { l.Error("x", "a", errors.New(long)) },
		"stringer":  func(l *slog.Logger) { l.Error("x", "a", &url.URL{Path: long}) },
		"list":      func(l *slog.Logger) { l.Error("x", "a", []string{long}) },
		"valuer":    func(l *slog.Logger) { l.Error("x", "a", valuer(long)) },
		"group":     func(l *slog.Logger) { l.Error("x", slog.Group("g", "a", long)) },
		"with":      func(l *slog.Logger) { l.With("a", long).Error("x") },
		"withGroup": func(l *slog.Logger) { l.WithGroup("g").Error("x", "a", long) },
	} {
		var out bytes.Buffer
		write(web.BoundedLog(slog.New(slog.NewJSONHandler(&out, nil))))
		if out.Len() > 1200 || !strings.Contains(out.String(), "…") || strings.Contains(out.String(), "\ufffd") {
			t.Errorf("%s: %d bytes: %.100s", name, out.Len(), out.String())
		}
	}
	var out bytes.Buffer
	web.BoundedLog(slog.New(slog.NewJSONHandler(&out, nil))).Info("as it is", "a", "b", "n", 7, "err", errors.New("c"))
	if !strings.HasSuffix(out.String(), `"msg":"as it is","a":"b","n":7,"err":"c"}`+"\n") {
		t.Error(out.String())
	}
}

type valuer string

func (v valuer) LogValue() slog.Value { return slog.StringValue(string(v)) }
