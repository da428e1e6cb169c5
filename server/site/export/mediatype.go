package export

import (
	_ "embed"
	"encoding/json"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"
)

// mediaType is a content type, and whether compressing it at build time makes
// sense: only then is a .br or .gz sibling a variant.
type mediaType struct {
	ContentType string `json:"type"`
	Compress    bool   `json:"compress"`
}

// mediaTypesJSON is a table of our own, so that an answer does not depend on
// the machine's list of types. The build compresses by the same table
// (frontend/scripts/compress.mjs). Payloads are .txt and must stay text/plain:
// the router navigates hard otherwise.
//
//go:embed media-types.json
var mediaTypesJSON []byte

var mediaTypes = func() (table map[string]mediaType) {
	if err := json.Unmarshal(mediaTypesJSON, &table); err != nil {
		panic(err) // a test would have failed
	}
	return table
}()

// unknownType is that of bytes that could be anything.
const unknownType = "application/octet-stream"

// mediaTypeOf goes by the suffix alone.
func mediaTypeOf(name string) mediaType {
	if known, ok := mediaTypes[strings.ToLower(path.Ext(name))]; ok {
		return known
	}
	return mediaType{ContentType: unknownType}
}

// mediaTypeOfFile is mediaTypeOf, but for names without suffix, and for those
// in .well-known where a suffix may mean anything: there the content tells JSON
// and text from the rest. That is what apple-app-site-association and its like
// are, which programs refuse as anything else.
func mediaTypeOfFile(name string, content []byte) mediaType {
	known := mediaTypeOf(name)
	wellKnown := strings.HasPrefix(name, ".well-known/")
	if known.ContentType != unknownType || IsBuildFile(name) || path.Ext(name) != "" && !wellKnown {
		return known
	}
	switch {
	case isJSON(content):
		known.ContentType = "application/json"
	case isText(content):
		known.ContentType = "text/plain; charset=utf-8"
	}
	return known
}

// isJSON reports whether content is a JSON object or list, which no text is by
// chance.
func isJSON(content []byte) bool {
	begin := strings.TrimLeft(string(content[:min(len(content), 512)]), " \t\r\n")
	return begin != "" && (begin[0] == '{' || begin[0] == '[') && json.Valid(content)
}

func isText(content []byte) bool {
	for len(content) > 0 {
		r, size := utf8.DecodeRune(content)
		if r == utf8.RuneError && size == 1 || unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t' {
			return false
		}
		content = content[size:]
	}
	return true
}
