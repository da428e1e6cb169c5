package site

import (
	"bytes"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"lychgate/server/web"
)

// Serve writes a file to a caller with access.
//
// Requests with Range or If-Match, which browsers send for video and hardly for
// pages, go to http.ServeContent with the uncompressed bytes: parts of a
// compressed file are useless. It gets neither name nor time, and the content
// type is set, so it neither looks at the path nor sniffs.
func (f *file) Serve(c echo.Context) error {
	r := c.Request()
	h := c.Response().Header()
	ranged := r.Header["Range"] != nil
	b := &f.body
	if !ranged {
		b = f.choose(r.Header["Accept-Encoding"])
	}
	f.describe(h, b)
	if ranged || r.Header["If-Match"] != nil {
		http.ServeContent(c.Response(), r, "", time.Time{}, bytes.NewReader(b.bytes))
		return nil
	}
	if b.etag != nil && matchesNone(r.Header["If-None-Match"], b.etag()[0]) {
		// A 304 updates the headers of the stored answer, including the page's
		// policy, so it carries the same ones (RFC 9111, section 3.2).
		h.Del("Content-Type")
		h.Del("Content-Encoding")
		c.Response().WriteHeader(http.StatusNotModified)
		return nil
	}
	h["Content-Length"] = b.length
	return writeBody(c, http.StatusOK, b.bytes)
}

// Header values that are shared by all answers; see file.
var (
	byEncoding = []string{"Accept-Encoding"}
	inBytes    = []string{"bytes"}
)

// describe sets the headers of a representation, except for its length.
func (f *file) describe(h http.Header, b *body) {
	h["Content-Type"] = f.contentType
	h["Cache-Control"] = f.cacheControl
	if f.csp != nil {
		h["Content-Security-Policy"] = f.csp
	}
	if b.coding != nil {
		h["Content-Encoding"] = b.coding
	}
	if f.encoded != nil {
		vary(h)
	} else {
		h["Accept-Ranges"] = inBytes
	}
	if b.etag != nil {
		h["Etag"] = b.etag()
	}
	if f.immutable {
		// An answer cached for a year must not hand out a session.
		h.Del("Set-Cookie")
	}
}

// vary says that the answer depends on Accept-Encoding.
func vary(h http.Header) {
	if h["Vary"] == nil {
		h["Vary"] = byEncoding
	} else {
		h.Add("Vary", byEncoding[0])
	}
}

// NotFound answers with the export's 404 page. Payloads get no HTML, because
// the client router would wait for more.
func (s *Site) NotFound(c echo.Context) error {
	r := c.Request()
	if s.missing == nil || strings.HasSuffix(r.URL.Path, ".txt") {
		return nothingHere(c)
	}
	web.NoStore(c)
	h := c.Response().Header()
	b := s.missing.choose(r.Header["Accept-Encoding"])
	h["Content-Type"] = s.missing.contentType
	h["Content-Security-Policy"] = s.missing.csp
	if b.coding != nil {
		h["Content-Encoding"] = b.coding
	}
	if s.missing.encoded != nil {
		vary(h)
	}
	h["Content-Length"] = b.length
	return writeBody(c, http.StatusNotFound, b.bytes)
}

// nothingHere answers 404 with a plain text.
func nothingHere(c echo.Context) error {
	web.NoStore(c)
	return write(c, http.StatusNotFound, "text/plain; charset=utf-8", "There is nothing at this address.\n")
}

// matchesNone reports whether If-None-Match contains etag, so that the client
// already has this representation (RFC 9110, section 13.1.2). It uses weak
// comparison and stops at a malformed entry.
func matchesNone(header []string, etag string) bool {
	for _, list := range header {
		for {
			list = strings.TrimLeft(list, " \t,")
			if list == "" {
				break
			}
			if list == "*" {
				return true
			}
			tag := strings.TrimPrefix(list, "W/")
			if tag == "" || tag[0] != '"' {
				break
			}
			end := strings.IndexByte(tag[1:], '"')
			if end < 0 {
				break
			}
			if tag[:end+2] == etag {
				return true
			}
			list = tag[end+2:]
		}
	}
	return false
}
