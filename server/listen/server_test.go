package listen_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"testing"

	"lychgate/server/listen"
)

// A server answers on each of its listeners, and stops them all.
func TestSeveralListeners(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	server := &listen.Server{Log: log, HTTP: &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "here")
	})}}
	for range 2 {
		listener, err := listen.On(t.Context(), "127.0.0.1:0", log)
		if err != nil {
			t.Fatal(err)
		}
		server.Listeners = append(server.Listeners, listener)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx, t.Context()) }()
	for _, listener := range server.Listeners {
		answer, err := http.Get("http://" + listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil || string(body) != "here" {
			t.Errorf("%s: %q, %v", listener.Addr(), body, err)
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	for _, listener := range server.Listeners {
		if connection, err := net.Dial("tcp", listener.Addr().String()); err == nil {
			connection.Close()
			t.Errorf("%s is still open", listener.Addr())
		}
	}
}
