package site_test

import (
	"bytes"
	"io"
	"net/http"
	"testing"
	"time"
)

// nobody is a ResponseWriter without cost, so that only this package is
// measured.
type nobody struct {
	header http.Header
	status int
}

func (n *nobody) Header() http.Header         { return n.header }
func (n *nobody) Write(p []byte) (int, error) { return len(p), nil }
func (n *nobody) WriteHeader(status int)      { n.status = status }

// ReadFrom makes http.ServeContent copy as it does to a real connection.
func (n *nobody) ReadFrom(r io.Reader) (int64, error) { return io.Copy(io.Discard, r) }

// BenchmarkGuardedPage compares a public page through Echo and the guard with
// the same bytes through http.ServeContent alone.
func BenchmarkGuardedPage(b *testing.B) {
	files := export()
	page := bytes.Repeat([]byte("<p>About us</p>"), 600)
	files["about.html"].Data = page
	h := handler(b, files, protectDashboard())
	r, err := http.NewRequest("GET", "/about", nil)
	if err != nil {
		b.Fatal(err)
	}
	w := &nobody{header: http.Header{}}
	timed := func(serve func()) time.Duration {
		begun := time.Now()
		for range 1000 {
			clear(w.header)
			w.status = 0
			serve()
			if w.status != http.StatusOK {
				b.Fatalf("status %d", w.status)
			}
		}
		return time.Since(begun)
	}
	var guarded, plain time.Duration
	b.ReportAllocs()
	for b.Loop() {
		plain += timed(func() {
			w.header.Set("Content-Type", "text/html; charset=utf-8")
			w.header.Set("ETag", `"x"`)
			http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(page))
		})
		guarded += timed(func() { h.ServeHTTP(w, r) })
	}
	b.ReportMetric(float64(guarded)/float64(plain), "guarded/plain")
	b.ReportMetric(float64(guarded.Nanoseconds())/float64(b.N)/1000, "guarded-ns/request")
	b.ReportMetric(float64(plain.Nanoseconds())/float64(b.N)/1000, "plain-ns/request")
}
