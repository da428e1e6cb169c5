package site

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
)

// label says who may have a file.
type label int

const (
	public         label = iota
	protected            // a page or a file below a protected prefix: 303 or 401 for a stranger
	protectedAsset       // a file of the build: for a stranger it does not exist
)

// prefixes are the protected URL paths.
type prefixes []string

func checkedPrefixes(paths []string) (prefixes, error) {
	var faults []error
	for _, p := range paths {
		fault := ""
		switch {
		case !strings.HasPrefix(p, "/") || p == "/" || path.Clean(p) != p || refused(p, p):
			fault = "want a clean absolute path below /, such as /dashboard"
		case prefixes{"/api", "/_next"}.below(p):
			fault = "the guard does not answer there"
		case prefixes{p}.holds(loginPath):
			fault = "nobody could reach the page that signs people in"
		default:
			continue
		}
		faults = append(faults, fmt.Errorf("site: protected path %q: %s", p, fault))
	}
	return slices.Clone(prefixes(paths)), errors.Join(faults...)
}

// below reports whether address is a protected path or lies below one.
func (p prefixes) below(address string) bool {
	for _, prefix := range p {
		rest, ok := strings.CutPrefix(address, prefix)
		if ok && (rest == "" || rest[0] == '/') {
			return true
		}
	}
	return false
}

// holds is below for addresses of files too: /dashboard.html and
// /dashboard.txt are the page /dashboard in other words.
func (p prefixes) holds(address string) bool {
	if p.below(address) {
		return true
	}
	stem, ok := strings.CutSuffix(address, ".html")
	if !ok {
		stem, ok = strings.CutSuffix(address, ".txt")
	}
	return ok && p.below(stem)
}

// labelOf returns the label of a file; reached holds the files of the build
// that a stranger may have. A file is protected when any of its addresses is:
// where two readings differ, the strict one holds.
func (p prefixes) labelOf(name string, reached map[string]bool) label {
	if isNextFile(name) {
		if reached[name] {
			return public
		}
		return protectedAsset
	}
	// A compressed file whose base is missing is still what its base would be.
	plain := withoutCoding(name)
	page, _ := htmlPage(plain)
	if p.holds("/"+plain) || p.holds(page) {
		return protected
	}
	return public
}

func withoutCoding(name string) string {
	for {
		ext := path.Ext(name)
		if ext != ".br" && ext != ".gz" {
			return name
		}
		name = strings.TrimSuffix(name, ext)
	}
}

// pageOfData returns the page that _next/data/<build>/R.json is the data of,
// as the Pages Router exports it.
func pageOfData(name string) (page string, ok bool) {
	rest, ok := strings.CutPrefix(name, "_next/data/")
	if !ok {
		return "", false
	}
	_, rest, ok = strings.Cut(rest, "/")
	if !ok {
		return "", false
	}
	stem, ok := strings.CutSuffix(rest, ".json")
	if stem == "index" {
		stem = ""
	}
	return "/" + stem, ok
}

// hasHashedName reports whether a file's name changes with its content. The
// folders listed here hold nothing else; what stands in _next/static/<build
// id>/ keeps its name from build to build when the build id is fixed.
func hasHashedName(name string) bool {
	for _, folder := range []string{"chunks/", "css/", "media/"} {
		if strings.HasPrefix(name, "_next/static/"+folder) {
			return true
		}
	}
	return false
}

// cacheControl returns the caching of a file (RFC 9111 section 5.2.2).
func cacheControl(l label, hashed bool) string {
	switch {
	case l == public && hashed:
		return "public, max-age=31536000, immutable"
	case l == public:
		return "no-cache"
	case hashed:
		return "private, max-age=31536000, immutable"
	default:
		return "private, no-store"
	}
}
