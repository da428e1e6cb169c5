package web

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/labstack/echo/v4"
)

// FuzzUserAgent checks that what is kept is a prefix, short enough and valid
// UTF-8.
func FuzzUserAgent(f *testing.F) {
	for _, text := range []string{"", "curl/8", "\xff", "\xc3", strings.Repeat("a", 600), strings.Repeat("a", 511) + "\u00e9", strings.Repeat("a", 509) + "\U0001f600", strings.Repeat("\x80", 600)} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header["User-Agent"] = []string{text}
		var kept string
		err := Steps(time.Minute)(func(c echo.Context) error {
			kept = ClientOf(c).UserAgent
			return nil
		})(echo.New().NewContext(r, httptest.NewRecorder()))
		if err != nil {
			t.Fatal(err)
		}
		if len(kept) > maxUserAgent || !utf8.ValidString(kept) {
			t.Fatalf("%q: %q is kept", text, kept)
		}
		if utf8.ValidString(text) && (!strings.HasPrefix(text, kept) || len(kept) <= min(len(text), maxUserAgent)-utf8.UTFMax) {
			t.Fatalf("%q: %q is kept, which is not its beginning", text, kept)
		}
	})
}
