//go:build linux

// The limit hands out ready answers with bare net/http. No server on net/http
// can spend less on the same bytes.
package main

import (
	"bytes"
	"encoding/gob"
	"flag"
	"fmt"
	"log"
	"net/http"
	"os"
)

// answer is an answer as it was recorded.
type answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// ready is an answer whose headers need no map to be copied from.
type ready struct {
	status int
	header []field
	body   []byte
}

type field struct {
	name   string
	values []string
}

func main() {
	addr := flag.String("addr", "localhost:8080", "address to listen on")
	file := flag.String("answers", "", "file of the answers, by path, as gob")
	flag.Parse()
	answers, err := read(*file)
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe(*addr, handOut(answers))) //nolint:gosec // a limit has no timeouts
}

func read(file string) (map[string]*ready, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var recorded map[string]answer
	if err := gob.NewDecoder(bytes.NewReader(text)).Decode(&recorded); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	answers := make(map[string]*ready, len(recorded))
	for path, a := range recorded {
		r := &ready{status: a.Status, body: a.Body}
		for name, values := range a.Header {
			r.header = append(r.header, field{name, values})
		}
		answers[path] = r
	}
	return answers, nil
}

func handOut(answers map[string]*ready) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		a := answers[r.URL.Path]
		if a == nil {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		header := w.Header()
		for _, f := range a.header {
			header[f.name] = f.values
		}
		w.WriteHeader(a.status)
		w.Write(a.body) //nolint:errcheck // the client is gone
	}
}
