package export

import (
	"fmt"
	"io/fs"
	"path"
	"strings"

	"lychgate/server/access"
)

// File is one file of an export, with all that serving it needs.
type File struct {
	Name    string // in the fs.FS
	Content []byte
	// Variants are the compressed forms made at build time, in the order of
	// preference, the best one last.
	Variants    []Variant
	ContentType string
	// Policy is the Content-Security-Policy of a page, a script or a film; empty
	// where the server's baseline is right.
	Policy string
	// Needs are those of which one must be met.
	Needs []access.Need
	// Build says that it is a file of the build: it does not exist for whom its
	// need is not met.
	Build bool
	// Hashed says that the name changes with the content.
	Hashed bool
}

// Variant is a compressed form of a file.
type Variant struct {
	Coding  string // as in Content-Encoding
	Content []byte
}

// Read reads an export. Sources name, by directive of the
// Content-Security-Policy, what pages may load from elsewhere, such as
// "img-src": "https://images.example.com". It refuses a source that weakens the
// policy of pages, and a file that cannot be read.
func Read(files fs.FS, rules access.Rules, allowed map[string][]string) ([]File, error) {
	sources, err := checkedSources(allowed)
	if err != nil {
		return nil, err
	}
	contents, err := readAll(files)
	if err != nil {
		return nil, err
	}
	needs := needsOfBuild(contents, rules)
	var all []File
	for name, content := range contents {
		if isVariant(name, contents) {
			continue
		}
		media := mediaTypeOfFile(name, content)
		file := File{
			Name:        name,
			Content:     content,
			ContentType: media.ContentType,
			Policy:      sources.policyOf(name, media, content),
			Needs:       needs[name],
			Build:       IsBuildFile(name),
			Hashed:      hasHashedName(name),
		}
		if !file.Build {
			file.Needs = []access.Need{needOf(name, rules)}
		} else if file.Needs == nil {
			file.Needs = []access.Need{access.SignedIn}
		}
		for _, coding := range codings {
			if variant, ok := contents[name+coding.suffix]; ok && media.Compress {
				file.Variants = append(file.Variants, Variant{coding.name, variant})
			}
		}
		all = append(all, file)
	}
	return all, nil
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

// IsBuildFile reports whether a file lies in the folder of the build's own
// files, where nothing is a page.
func IsBuildFile(name string) bool { return strings.HasPrefix(name, "_next/") }

// Page returns the address without suffix of R.html.
func Page(name string) (address string, ok bool) {
	stem, ok := strings.CutSuffix("/"+name, ".html")
	return stem, ok && path.Base(stem) != "index" && !IsBuildFile(name)
}

// NeedAt returns the need at an address. Files of a page are the page in other
// words, as /dashboard.html and /dashboard.txt are /dashboard.
func NeedAt(address string, rules access.Rules) access.Need {
	return needAt(rules, address, withoutSuffix(address))
}

// needOf returns the need of a file that is none of the build.
func needOf(name string, rules access.Rules) access.Need {
	// A compressed file whose base is missing is still what its base would be.
	plain := withoutCoding(name)
	page, _ := Page(plain)
	return needAt(rules, "/"+plain, withoutSuffix("/"+plain), page, withoutSuffix(page))
}

// needAt returns the need at an address that can be read in several ways: the
// longest path that there is a rule for decides.
func needAt(rules access.Rules, readings ...string) access.Need {
	decides := access.Rule{Need: access.Public}
	for _, address := range readings {
		if rule, ok := rules.Of(address); ok && len(rule.Path) > len(decides.Path) {
			decides = rule
		}
	}
	return decides.Need
}

func withoutSuffix(address string) string {
	if stem, ok := strings.CutSuffix(address, ".html"); ok {
		return stem
	}
	return strings.TrimSuffix(address, ".txt")
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
