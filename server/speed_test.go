package server_test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"lychgate/server/servertest"
)

// way is one that most requests take.
type way struct {
	name, path, headers string
	status              int
	most                int // allocations more than net/http needs
}

// ways starts a server, and returns the ways of a person who is signed in to it.
func ways(t testing.TB) (url string, all []way) {
	t.Helper()
	files := servertest.Site()
	files["hello.txt"] = &fstest.MapFile{Data: []byte("hello")}
	s := servertest.StartWith(t, files)
	client := s.Client()
	client.Register("ada@example.com")
	signedIn := "Cookie: accessToken=" + client.Cookie("accessToken") + "; refreshToken=" + client.Cookie("refreshToken") + "\r\n"
	return s.URL, []way{
		{"page, signed in", "/dashboard", signedIn, 200, 11},
		{"page, signed out", "/dashboard", "", 303, 17},
		{"profile", "/api/user/profile", signedIn, 200, 13},
		{"session", "/api/auth/session", signedIn, 200, 14},
		{"public asset", "/hello.txt", "", 200, 11},
	}
}

// The ways that most requests take must not cost more allocations, because each
// costs time. The figures are those of the whole server less those of net/http.
func TestAllocations(t *testing.T) {
	url, all := ways(t)
	for _, way := range all {
		t.Run(way.name, func(t *testing.T) {
			bare := testing.AllocsPerRun(2000, asking(t, limit(t, way.status), way))
			ours := testing.AllocsPerRun(2000, asking(t, url, way))
			most := way.most
			if servertest.Watched() {
				most++ // the race detector makes one escape
			}
			if more := int(ours - bare); more > most {
				t.Errorf("%v allocations a request, and net/http alone has %v: %d more, want at most %d", ours, bare, more, most)
			}
		})
	}
}

// BenchmarkRequests reports how long a request takes, as a multiple of net/http
// alone. One waits for the other, so nothing disturbs only one of them.
func BenchmarkRequests(b *testing.B) {
	url, all := ways(b)
	for _, way := range all {
		b.Run(way.name, func(b *testing.B) {
			both := []func(){asking(b, limit(b, way.status), way), asking(b, url, way)}
			var took [2]time.Duration
			for b.Loop() {
				for i, ask := range both {
					begun := time.Now()
					ask()
					took[i] += time.Since(begun)
				}
			}
			b.ReportMetric(float64(took[1])/float64(took[0]), "times-net/http")
		})
	}
}

// limit starts a server that does nothing but answer.
func limit(t testing.TB, status int) (url string) {
	length := []string{"2"}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Content-Length"] = length
		w.WriteHeader(status)
		io.WriteString(w, "ok") // a client that has gone fails the test itself
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// asking returns a function that sends a request and reads its answer, which
// allocates nothing.
func asking(t testing.TB, url string, way way) func() {
	t.Helper()
	_, host, _ := strings.Cut(url, "://")
	connection, err := net.Dial("tcp", host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { connection.Close() })
	request := []byte("GET " + way.path + " HTTP/1.1\r\nHost: " + host + "\r\nSec-Fetch-Mode: navigate\r\n" + way.headers + "\r\n")
	answer := make([]byte, 64<<10)
	if _, err := connection.Write(request); err != nil {
		t.Fatal(err)
	}
	size, err := connection.Read(answer) // short, so it comes at once
	if err != nil {
		t.Fatal(err)
	}
	if first, _, _ := strings.Cut(string(answer[:size]), "\r\n"); !strings.HasSuffix(first, http.StatusText(way.status)) {
		t.Fatalf("%s: %s", way.path, first)
	}
	return func() {
		if _, err := connection.Write(request); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(connection, answer[:size]); err != nil {
			t.Fatal(err)
		}
	}
}
