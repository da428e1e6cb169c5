package server_test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"lychgate/server/servertest"
)

// The ways that most requests take must not cost more allocations than they do
// now, because each costs time. The figures are those of the whole server less
// those of net/http for the same bytes.
func TestAllocations(t *testing.T) {
	files := servertest.Site()
	files["hello.txt"] = &fstest.MapFile{Data: []byte("hello")}
	s := servertest.StartWith(t, files)
	client := s.Client()
	client.Register("ada@example.com")
	signedIn := "Cookie: accessToken=" + client.Cookie("accessToken") + "; refreshToken=" + client.Cookie("refreshToken") + "\r\n"
	for _, test := range []struct {
		name, path, headers string
		status, most        int
	}{
		{"page, signed in", "/dashboard", signedIn, 200, 20},
		{"page, signed out", "/dashboard", "", 303, 20},
		{"profile", "/api/user/profile", signedIn, 200, 20},
		{"session", "/api/auth/session", signedIn, 200, 20},
		{"public asset", "/hello.txt", "", 200, 20},
	} {
		t.Run(test.name, func(t *testing.T) {
			limit := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header()["Content-Length"] = []string{"2"}
				w.WriteHeader(http.StatusOK)
				io.WriteString(w, "ok") // a client that has gone fails the test itself
			}))
			defer limit.Close()
			bare := allocations(t, limit.URL, test.path, test.headers, 200)
			ours := allocations(t, s.URL, test.path, test.headers, test.status)
			t.Logf("%.1f allocations a request, %.1f of net/http", ours, bare)
			if more := ours - bare; more > float64(test.most)+0.5 {
				t.Errorf("%.1f allocations a request more than net/http, want at most %d", more, test.most)
			}
		})
	}
}

// allocations returns how often the process allocates for each request of a client
// that allocates nothing itself.
func allocations(t *testing.T, url, path, headers string, status int) float64 {
	t.Helper()
	_, host, _ := strings.Cut(url, "://")
	connection, err := net.Dial("tcp", host)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	request := []byte("GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\nSec-Fetch-Mode: navigate\r\n" + headers + "\r\n")
	buffer := make([]byte, 64<<10)
	if _, err := connection.Write(request); err != nil {
		t.Fatal(err)
	}
	size, err := connection.Read(buffer)
	if err != nil {
		t.Fatal(err)
	}
	if want := http.StatusText(status); !strings.HasPrefix(string(buffer[:size]), "HTTP/1.1 ") || !strings.Contains(string(buffer[:min(size, 40)]), want) {
		t.Fatalf("%s: %s", path, buffer[:size])
	}
	return testing.AllocsPerRun(2000, func() {
		if _, err := connection.Write(request); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(connection, buffer[:size]); err != nil {
			t.Fatal(err)
		}
	})
}
