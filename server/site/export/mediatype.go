package export

import (
	_ "embed"
	"encoding/json"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"
)

// mediaType is a content type and whether the build compresses it: only then is
// a .br or .gz sibling a variant.
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

// unknownType is the type of arbitrary bytes.
const unknownType = "application/octet-stream"

// mediaTypeOf determines the type by the suffix.
func mediaTypeOf(name string) mediaType {
	if known, ok := mediaTypes[strings.ToLower(path.Ext(name))]; ok {
		return known
	}
	return mediaType{ContentType: unknownType}
}

// mediaTypeOfFile is mediaTypeOf, except for names without a suffix and files
// in .well-known, where a suffix may mean anything: their content tells JSON
// and text from the rest. Programs accept apple-app-site-association and the
// like only with the right type.
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

// isJSON reports whether content is a JSON object or array; text never is by
// accident.
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
