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

	"lychgate/server/access"
	"lychgate/server/site/export"
)

// Options say what of the site is for whom, and what is not the site's.
type Options struct {
	// Rules say what each page asks of its caller.
	Rules access.Rules
	// Routed reports whether the router answers an escaped path (/healthz …).
	// What lies below /api/ always is the router's. Nil means nothing else is.
	Routed func(path string) bool
	// Sources names, by directive of the Content-Security-Policy, what pages may
	// load from elsewhere, such as "img-src": "https://images.example.com".
	Sources map[string][]string
}

// Site is an export, indexed. It is made once and never changes, so it may be
// used by any number of requests at once.
type Site struct {
	rules     access.Rules
	addresses map[string]*file // every address there is, the pages' among them
	pages     map[string]*file // the addresses without .html, for /x/ → /x
	missing   *file            // the export's own 404 page, or nil
}

// file is one file of the export, with all that serving it needs. The header
// values are slices because http.Header takes them as they are: a request
// copies nothing.
type file struct {
	name  string // in the fs.FS
	needs []access.Need
	build bool
	body  body
	// encoded holds the variants made at build time, the preferred one last.
	encoded []body

	contentType  []string
	cacheControl []string
	csp          []string // nil where the server's baseline is right
	immutable    bool
}

// body is one representation of a file (RFC 9110 section 8).
type body struct {
	bytes  []byte
	coding []string // Content-Encoding; nil for identity
	length []string // Content-Length
	etag   []string // strong, one per representation; nil where nothing is kept
}

// New indexes an export. It refuses what export.Read does, and a file that
// could never be served because the router answers at its address.
//
// Where two files claim one address, the file of exactly that name has it,
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

// isPublic reports whether everybody meets one of the needs.
func isPublic(needs []access.Need) bool { return slices.Contains(needs, access.Public) }

// cacheControl returns the caching of a file (RFC 9111 section 5.2.2).
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

// indexPage returns the address of R/index.html, which is that of its folder.
func indexPage(name string) (page string, ok bool) {
	if path.Base(name) != "index.html" || export.IsBuildFile(name) {
		return "", false
	}
	return path.Dir("/" + name), true
}

// Pageless returns the paths of rules that nothing of the site is at or below,
// in order: such a path is mistyped, and guards nothing.
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
