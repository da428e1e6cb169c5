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
	"sync"

	"lychgate/server/access"
	"lychgate/server/site/export"
)

// Options configure the rules of a site and which paths are not for it.
type Options struct {
	// Rules are the needs of pages.
	Rules access.Rules
	// Routed reports whether an escaped path is for the router (/healthz …).
	// Paths below /api/ always are. Nil means no others are.
	Routed func(path string) bool
	// Sources are the external sources pages may load from, by directive of the
	// Content-Security-Policy, such as "img-src": "https://images.example.com".
	Sources map[string][]string
}

// Site is an indexed export. It never changes and is safe for concurrent use.
type Site struct {
	rules     access.Rules
	addresses map[string]*file // all addresses, those of pages included
	pages     map[string]*file // page addresses without .html, for /x/ → /x
	missing   *file            // the export's own 404 page, or nil
}

// file is a file of the export, ready to be served. Header values are slices,
// as in http.Header, so that a request copies nothing.
type file struct {
	name  string // in the fs.FS
	needs []access.Need
	build bool
	body  body
	// encoded holds the variants made at build time, the preferred one last.
	encoded []body

	contentType  []string
	cacheControl []string
	csp          []string // nil: the server's default
	immutable    bool
}

// body is one representation of a file (RFC 9110, section 8).
type body struct {
	bytes  []byte
	coding []string        // Content-Encoding; nil for identity
	length []string        // Content-Length
	etag   func() []string // strong, one per representation; nil if not stored
}

// New indexes an export. It refuses what export.Read refuses, and files that
// can never be served because the router answers at their address.
//
// If several files claim an address, the file of exactly that name gets it,
// then R.html, then R/index.html; the others keep their longer addresses.
func New(files fs.FS, opts Options) (*Site, error) {
	read, err := export.Read(files, opts.Rules, opts.Sources)
	if err != nil {
		return nil, err
	}
	s := &Site{
		rules:     opts.Rules,
		addresses: make(map[string]*file),
		pages:     make(map[string]*file),
	}
	all := make(map[string]*file, len(read))
	for _, f := range read {
		all[f.Name] = newFile(f)
	}
	s.missing = notFoundPage(all)
	if err := s.address(all, opts.Routed); err != nil {
		return nil, err
	}
	return s, nil
}

func newFile(from export.File) *file {
	f := &file{
		name:         from.Name,
		needs:        from.Needs,
		build:        from.Build,
		contentType:  []string{from.ContentType},
		cacheControl: []string{cacheControl(isPublic(from.Needs), from.Hashed)},
		immutable:    from.Hashed,
	}
	if from.Policy != "" {
		f.csp = []string{from.Policy}
	}
	stored := isPublic(from.Needs) || from.Hashed
	f.body = newBody(from.Content, "", stored)
	for _, variant := range from.Variants {
		f.encoded = append(f.encoded, newBody(variant.Content, variant.Coding, stored))
	}
	return f
}

// isPublic reports whether one of the needs is Public.
func isPublic(needs []access.Need) bool { return slices.Contains(needs, access.Public) }

// cacheControl returns the Cache-Control of a file (RFC 9111, section 5.2.2).
func cacheControl(public, hashed bool) string {
	switch {
	case public && hashed:
		return "public, max-age=31536000, immutable"
	case public:
		return "no-cache"
	case hashed:
		return "private, max-age=31536000, immutable"
	default:
		return "private, no-store"
	}
}

// newBody returns a representation. It has no ETag if clients may not store it.
func newBody(content []byte, coding string, stored bool) body {
	b := body{bytes: content, length: []string{strconv.Itoa(len(content))}}
	if coding != "" {
		b.coding = []string{coding}
	}
	if stored {
		// Worked out when it is first asked for: that of a whole site takes longer
		// than the rest of its index.
		b.etag = sync.OnceValue(func() []string {
			hash := sha256.Sum256(content)
			// The coding is part of the tag, so that no two representations share
			// one, whatever their bytes.
			return []string{`"` + base64.RawURLEncoding.EncodeToString(hash[:18]) + coding + `"`}
		})
	}
	return b
}

// notFoundPage removes the export's 404 page from all, so that its own
// addresses are unknown: /404 is answered with status 404.
func notFoundPage(all map[string]*file) *file {
	var page *file
	for _, name := range []string{"404.html", "404/index.html", "_not-found.html", "_not-found/index.html"} {
		if f := all[name]; f != nil && page == nil && isPublic(f.needs) {
			page = f
		}
		delete(all, name)
	}
	return page
}

// address fills the index.
func (s *Site) address(all map[string]*file, routed func(path string) bool) error {
	var faults []error
	claim := func(address string, f *file) bool {
		if isRouted((&url.URL{Path: address}).EscapedPath(), routed) {
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
	for _, form := range []func(name string) (page string, ok bool){export.Page, indexPage} {
		for _, name := range names {
			if page, ok := form(name); ok && claim(page, all[name]) {
				s.pages[page] = all[name]
			}
		}
	}
	return errors.Join(faults...)
}

// indexPage returns the address of R/index.html, its folder.
func indexPage(name string) (page string, ok bool) {
	if path.Base(name) != "index.html" || export.IsBuildFile(name) {
		return "", false
	}
	return path.Dir("/" + name), true
}

// Pageless returns, in order, the paths of rules without any page at or below
// them: they are probably mistyped and protect nothing.
func (s *Site) Pageless() []string {
	var paths []string
	for _, rule := range s.rules.All() {
		used := func(address string) bool { return access.Covers(rule.Path, address) }
		if !slices.ContainsFunc(slices.Collect(maps.Keys(s.addresses)), used) {
			paths = append(paths, rule.Path)
		}
	}
	slices.Sort(paths)
	return paths
}
