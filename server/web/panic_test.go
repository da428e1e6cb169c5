package web_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"lychgate/server/problem"
	"lychgate/server/servertest"
	"lychgate/server/web"
)

// failing starts a server with one handler.
func failing(t *testing.T, handler echo.HandlerFunc) (url string, log *servertest.Log) {
	t.Helper()
	log = &servertest.Log{}
	logger := slog.New(slog.NewJSONHandler(log, nil))
	e := echo.New()
	e.HTTPErrorHandler = web.ErrorHandler(logger)
	e.Pre(web.Steps(time.Minute, web.Trace(web.Tracing{})))
	e.GET("/", handler)
	server := httptest.NewServer(e)
	t.Cleanup(server.Close)
	return server.URL, log
}

func TestFailuresKeepTheirTextFromClients(t *testing.T) {
	const text = "/var/lib/lychgate: key 0xC0FFEE"
	for name, handler := range map[string]echo.HandlerFunc{
		"a panic with a text":   func(echo.Context) error { panic(text) },
		"a panic with an error": func(echo.Context) error { panic(io.ErrUnexpectedEOF) },
		"a nil pointer":         func(echo.Context) error { return (*problem.Error)(nil).Unwrap() },
		"an unknown error":      func(echo.Context) error { return io.ErrUnexpectedEOF },
		"an error of Echo's":    func(echo.Context) error { return echo.NewHTTPError(http.StatusTeapot, text) },
	} {
		t.Run(name, func(t *testing.T) {
			url, log := failing(t, handler)
			answer, err := http.Get(url)
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Body.Close()
			body, err := io.ReadAll(answer.Body)
			if err != nil {
				t.Fatal(err)
			}
			var document struct {
				Status                               int
				Type, Title, Code, Detail, RequestID string
			}
			if err := json.Unmarshal(body, &document); err != nil {
				t.Fatalf("%v: %s", err, body)
			}
			if answer.StatusCode != 500 || answer.Header.Get("Content-Type") != "application/problem+json" || answer.Header.Get("Cache-Control") != "no-store" ||
				document.Status != 500 || document.Code != "internal" || document.Type != "about:blank" || document.Title != "Internal Server Error" || document.Detail == "" {
				t.Errorf("%s %v\n%s", answer.Status, answer.Header, body)
			}
			if id := answer.Header.Get("X-Request-Id"); len(id) != 32 || document.RequestID != id || strings.Trim(id, "0123456789abcdef") != "" {
				t.Errorf("the request's id is %q, in the body %q", id, document.RequestID)
			}
			for _, secret := range []string{text, "EOF", "panic", "goroutine", ".go:", "nil pointer"} {
				if strings.Contains(string(body), secret) {
					t.Errorf("the answer says %q: %s", secret, body)
				}
			}
			var line struct{ Level, Msg, RequestID, Error string }
			first, _, _ := strings.Cut(log.String(), "\n")
			if err := json.Unmarshal([]byte(first), &line); err != nil {
				t.Fatalf("%v: %s", err, log)
			}
			if line.Level != "ERROR" || line.RequestID != document.RequestID || line.Error == "" {
				t.Errorf("log: %s", first)
			}
			if panicked := strings.HasPrefix(name, "a panic") || name == "a nil pointer"; panicked && !strings.Contains(line.Error, "panic_test.go") {
				t.Errorf("the log does not say where: %s", first)
			}
		})
	}
}

// An answer that has started cannot be replaced; the log says what happened.
func TestFailureAfterTheAnswerHasBegun(t *testing.T) {
	url, log := failing(t, func(c echo.Context) error {
		if err := c.String(http.StatusOK, "begun"); err != nil {
			return err
		}
		panic("too late")
	})
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || string(body) != "begun" || answer.StatusCode != http.StatusOK {
		t.Errorf("%s %q %v", answer.Status, body, err)
	}
	if !strings.Contains(log.String(), "too late") {
		t.Errorf("log: %s", log)
	}
}

// http.ErrAbortHandler passes through and cuts the connection.
func TestAbortedAnswers(t *testing.T) {
	url, log := failing(t, func(echo.Context) error { panic(http.ErrAbortHandler) })
	if answer, err := http.Get(url); err == nil {
		answer.Body.Close()
		t.Errorf("answer %s, want none", answer.Status)
	}
	if strings.Contains(log.String(), "ERROR") {
		t.Errorf("log: %s", log)
	}
}
