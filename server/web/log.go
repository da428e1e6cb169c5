package web

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"unicode/utf8"
)

const (
	// longestText bounds every text of a log line: any may contain client
	// input, for instance through an error.
	longestText = 1024
	// longestPath and longestMethod bound what a client writes itself.
	longestPath   = 256
	longestMethod = 32
	// longestStack bounds the stack of a panic, which contains no client input.
	longestStack = 8 << 10
)

// BoundedLog returns a logger with bounded lines whatever clients send: message
// and attributes are cut at longestText.
func BoundedLog(log *slog.Logger) *slog.Logger { return slog.New(boundedHandler{log.Handler()}) }

type boundedHandler struct{ slog.Handler }

// Handle passes a record on with its texts cut. Records with only short texts,
// as most are, pass unchanged.
func (h boundedHandler) Handle(ctx context.Context, r slog.Record) error {
	long := len(r.Message) > longestText
	r.Attrs(func(a slog.Attr) bool {
		long = long || !isShort(a)
		return !long
	})
	if !long {
		return h.Handler.Handle(ctx, r)
	}
	short := slog.NewRecord(r.Time, r.Level, cut(r.Message, longestText), r.PC)
	r.Attrs(func(a slog.Attr) bool {
		short.AddAttrs(bounded(a))
		return true
	})
	return h.Handler.Handle(ctx, short)
}

// WithAttrs implements slog.Handler.
func (h boundedHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	short := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		short[i] = bounded(a)
	}
	return boundedHandler{h.Handler.WithAttrs(short)}
}

// WithGroup implements slog.Handler.
func (h boundedHandler) WithGroup(name string) slog.Handler {
	return boundedHandler{h.Handler.WithGroup(name)}
}

// isShort reports whether an attribute is cheaply known to need no cutting.
func isShort(a slog.Attr) bool {
	switch a.Value.Kind() {
	case slog.KindString:
		return len(a.Value.String()) <= longestText
	case slog.KindAny, slog.KindGroup, slog.KindLogValuer:
		return false
	default:
		return true
	}
}

func bounded(a slog.Attr) slog.Attr {
	switch value := a.Value.Resolve(); value.Kind() {
	case slog.KindString:
		a.Value = slog.StringValue(cut(value.String(), longestText))
	case slog.KindGroup:
		members := value.Group()
		short := make([]slog.Attr, len(members))
		for i, member := range members {
			short[i] = bounded(member)
		}
		a.Value = slog.GroupValue(short...)
	case slog.KindAny:
		if own, ok := value.Any().(ownText); ok {
			a.Value = slog.StringValue(string(own))
		} else if text := fmt.Sprintf("%+v", value.Any()); len(text) > longestText {
			a.Value = slog.StringValue(cut(text, longestText))
		}
	}
	return a
}

// ownText is text with little or no client input, which is logged whole.
type ownText string

// cut returns text, shortened to limit bytes with whole characters and an
// ellipsis if it is longer.
func cut(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	end := limit
	for end > limit-utf8.UTFMax && !utf8.RuneStart(text[end]) {
		end--
	}
	// A copy, or the log would keep all of text in memory.
	return strings.Clone(text[:end]) + "…"
}
