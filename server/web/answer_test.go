package web_test

import (
	"errors"
	"net"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"lychgate/server/web"
)

// A route may be more patient, or less, than the server is with a client that
// takes nothing of its answer.
func TestWriteTimeOfARoute(t *testing.T) {
	e := echo.New()
	e.Pre(web.Steps(time.Hour))
	gaveUp := make(chan error, 1)
	e.GET("/", func(c echo.Context) error {
		web.SetWriteTime(c, 50*time.Millisecond)
		var err error
		for piece := make([]byte, 1<<20); err == nil; {
			_, err = c.Response().Write(piece)
		}
		gaveUp <- err
		return nil
	})
	server := httptest.NewServer(e)
	defer server.Close()
	connection, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	if _, err := connection.Write([]byte("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-gaveUp:
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("error %v", err)
		}
	case <-time.After(2 * time.Minute):
		t.Error("the server still waits for the client")
	}
}
