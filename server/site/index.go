package site

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
)

// loginPath is the page that signs people in, where strangers are sent.
const loginPath = "/login"

// Options says what of the site is protected and what is not the site's.
type Options struct {
	// Protected holds URL paths such as "/dashboard": that page and everything
	// below it is for signed-in people.
	Protected []string
	// Routed reports whether the router answers an escaped path (/healthz …).
	// What lies below /api/ always is the router's. Nil means nothing else is.
	Routed func(path string) bool
	// Sources names, by directive of the Content-Security-Policy, what pages may
	// load from elsewhere, such as "img-src": "https://images.example.com".
	Sources map[string][]string
}

// Site is an export, indexed and labelled. It is made once and never changes,
// so it may be used by any number of requests at once.
type Site struct {
	routed    func(path string) bool
	protected prefixes
	sources   sources
	addresses map[string]*file // every address there is, the pages' among them
	pages     map[string]*file // the addresses without .html, for /x/ → /x
	missing   *file            // the export's own 404 page, or nil
}

// file is one file of the export, with all that serving it needs. The header
// values are slices because http.Header takes them as they are: a request
// copies nothing.
type file struct {
	name  string // in the fs.FS
	label label
	body  body
	// encoded holds the variants made at build time, in the order of codings.
	encoded []body

	contentType  []string
	cacheControl []string
	csp          []string // of a page, a script or a film; nil where the server's baseline is right
	immutable    bool
}

// body is one representation of a file (RFC 9110 section 8).
type body struct {
	bytes  []byte
	coding []string // Content-Encoding; nil for identity
	length []string // Content-Length
	etag   []string // strong, one per representation; nil where nothing is kept
}

// New indexes files. It refuses a protected path that is no clean absolute
// path, a source that weakens the policy of pages, a file that cannot be read, and a file that could never be served
// because the router answers at its address.
//
// Where two files claim one address, the file of exactly that name has it,
// then R.html, then R/index.html; the others keep their longer addresses.
func New(files fs.FS, opts Options) (*Site, error) {
	s := &Site{
		routed:    opts.Routed,
		addresses: make(map[string]*file),
		pages:     make(map[string]*file),
	}
	var protectedErr, sourcesErr error
	s.protected, protectedErr = checkedPrefixes(opts.Protected)
	s.sources, sourcesErr = checkedSources(opts.Sources)
	if err := errors.Join(protectedErr, sourcesErr); err != nil {
		return nil, err
	}
	contents, err := readAll(files)
	if err != nil {
		return nil, err
	}
	reached := publicAssets(contents, s.protected)

	all := make(map[string]*file, len(contents))
	for name := range contents {
		if !isVariant(name, contents) {
			all[name] = s.newFile(name, contents, reached)
		}
	}
	s.missing = notFoundPage(all)
	if err := s.address(all); err != nil {
		return nil, err
	}
	return s, nil
}

func readAll(files fs.FS) (map[string][]byte, error) {
	contents := make(map[string][]byte)
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(files, name)
		contents[name] = content
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("site: the exported pages cannot be read: %w", err)
	}
	return contents, nil
}

// codings are the content codings that the build makes variants in, the
// preferred one last.
var codings = []struct{ suffix, name string }{{".gz", "gzip"}, {".br", "br"}}

// isVariant reports whether name is a compressed variant of another file. A
// lone x.tar.gz, or the .gz beside something that needs no compression, is a
// file like any other.
func isVariant(name string, contents map[string][]byte) bool {
	for _, coding := range codings {
		if base, ok := strings.CutSuffix(name, coding.suffix); ok {
			_, exists := contents[base]
			return exists && mediaTypeOf(base).Compress
		}
	}
	return false
}

func (s *Site) newFile(name string, contents map[string][]byte, reached map[string]bool) *file {
	media, hashed := mediaTypeOfFile(name, contents[name]), hasHashedName(name)
	f := &file{
		name:        name,
		label:       s.protected.labelOf(name, reached),
		contentType: []string{media.ContentType},
		immutable:   hashed,
	}
	f.cacheControl = []string{cacheControl(f.label, hashed)}
	stored := f.label == public || hashed
	f.body = newBody(contents[name], "", stored)
	for _, coding := range codings {
		if content, ok := contents[name+coding.suffix]; ok && media.Compress {
			f.encoded = append(f.encoded, newBody(content, coding.name, stored))
		}
	}
	kind, _, _ := strings.Cut(media.ContentType, "/")
	switch ext := path.Ext(name); {
	case ext == ".html":
		f.csp = []string{s.sources.contentSecurityPolicy(contents[name])}
	case ext == ".js" || ext == ".mjs":
		f.csp = []string{s.sources.scriptPolicy()}
	case kind == "audio" || kind == "video":
		f.csp = []string{mediaPolicy}
	}
	return f
}

// newBody returns a representation. What no client may store has no use for an
// ETag.
func newBody(content []byte, coding string, stored bool) body {
	b := body{bytes: content, length: []string{strconv.Itoa(len(content))}}
	if coding != "" {
		b.coding = []string{coding}
	}
	if stored {
		hash := sha256.Sum256(content)
		// The coding is part of the tag so that two representations never
		// share one, whatever their bytes.
		b.etag = []string{`"` + base64.RawURLEncoding.EncodeToString(hash[:18]) + coding + `"`}
	}
	return b
}

// notFoundPage takes the export's 404 page out of all, so that its own
// addresses are unknown ones: asking for /404 is answered with status 404.
func notFoundPage(all map[string]*file) *file {
	var page *file
	for _, name := range []string{"404.html", "404/index.html", "_not-found.html", "_not-found/index.html"} {
		if f := all[name]; f != nil && page == nil && f.label == public {
			page = f
		}
		delete(all, name)
	}
	return page
}

// address fills the index.
func (s *Site) address(all map[string]*file) error {
	var faults []error
	claim := func(address string, f *file) bool {
		if isRouted((&url.URL{Path: address}).EscapedPath(), s.routed) {
			faults = append(faults, fmt.Errorf("site: %s cannot be served: the router answers %s", f.name, address))
			return false
		}
		if s.addresses[address] != nil {
			return false
		}
		s.addresses[address] = f
		return true
	}
	names := slices.Sorted(maps.Keys(all))
	for _, name := range names {
		claim("/"+name, all[name])
	}
	for _, form := range []func(name string) (page string, ok bool){htmlPage, indexPage} {
		for _, name := range names {
			if page, ok := form(name); ok && claim(page, all[name]) {
				s.pages[page] = all[name]
			}
		}
	}
	return errors.Join(faults...)
}

// htmlPage returns the address without suffix of R.html.
func htmlPage(name string) (page string, ok bool) {
	stem, ok := strings.CutSuffix("/"+name, ".html")
	return stem, ok && path.Base(stem) != "index" && !isNextFile(name)
}

// indexPage returns the address of R/index.html, which is that of its folder.
func indexPage(name string) (page string, ok bool) {
	if path.Base(name) != "index.html" || isNextFile(name) {
		return "", false
	}
	return path.Dir("/" + name), true
}

// isNextFile reports whether name lies in the folder of the build's own files,
// where nothing is a page.
func isNextFile(name string) bool { return strings.HasPrefix(name, "_next/") }
