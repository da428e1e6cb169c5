package server_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"lychgate/server/servertest"
)

// Answers of any length arrive whole and in order, also when a client sends all
// its requests at once on one connection: headers and body are written together
// by more than one way.
func TestAnswersOfEveryLength(t *testing.T) {
	t.Parallel()
	files := servertest.Site()
	var paths []string
	for _, size := range []int{0, 1, 2047, 2048, 2049, 3000, 3500, 4095, 4096, 4097, 7000, 8192, 9000, 100_000, 3 << 20} {
		body := make([]byte, size)
		for i := range body {
			body[i] = byte('a' + rand.IntN(26))
		}
		path := fmt.Sprintf("/file%d.dat", size)
		files[path[1:]] = &fstest.MapFile{Data: body}
		paths = append(paths, path)
	}
	s := servertest.StartWith(t, files)
	_, host, _ := strings.Cut(s.URL, "://")
	connection, err := net.Dial("tcp", host)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()

	var requests bytes.Buffer
	for _, method := range []string{"GET", "HEAD", "GET"} {
		for _, path := range paths {
			fmt.Fprintf(&requests, "%s %s HTTP/1.1\r\nHost: %s\r\n\r\n", method, path, host)
		}
	}
	sent := make(chan error, 1)
	go func() {
		_, err := connection.Write(requests.Bytes())
		sent <- err
	}()
	answers := bufio.NewReader(connection)
	for _, method := range []string{"GET", "HEAD", "GET"} {
		for _, path := range paths {
			answer, err := http.ReadResponse(answers, &http.Request{Method: method})
			if err != nil {
				t.Fatalf("%s %s: %v", method, path, err)
			}
			body, err := io.ReadAll(answer.Body)
			want := files[path[1:]].Data
			if answer.ContentLength != int64(len(want)) || answer.StatusCode != http.StatusOK {
				t.Errorf("%s %s: status %d, length %d", method, path, answer.StatusCode, answer.ContentLength)
			}
			if method == "HEAD" {
				want = nil
			}
			if err != nil || !bytes.Equal(body, want) {
				t.Fatalf("%s %s: %d bytes, %v", method, path, len(body), err)
			}
		}
	}
	if err := <-sent; err != nil {
		t.Error(err)
	}
}
