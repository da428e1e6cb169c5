package site

import (
	"path"
	"strings"
)

// mediaType is a content type, and whether compressing it at build time makes
// sense: only then is a .br or .gz sibling a variant.
type mediaType struct {
	contentType  string
	compressible bool
}

// mediaTypes is a table of our own, so that an answer does not depend on the
// machine's list of types. Payloads are .txt and must stay text/plain: the
// router navigates hard otherwise.
var mediaTypes = map[string]mediaType{
	".html":        {"text/html; charset=utf-8", true},
	".txt":         {"text/plain; charset=utf-8", true},
	".css":         {"text/css; charset=utf-8", true},
	".js":          {"text/javascript; charset=utf-8", true},
	".mjs":         {"text/javascript; charset=utf-8", true},
	".json":        {"application/json", true},
	".map":         {"application/json", true},
	".webmanifest": {"application/manifest+json", true},
	".xml":         {"application/xml", true},
	".xsl":         {"application/xml", true},
	".rss":         {"application/rss+xml", true},
	".atom":        {"application/atom+xml", true},
	".svg":         {"image/svg+xml", true},
	".wasm":        {"application/wasm", true},
	".md":          {"text/markdown; charset=utf-8", true},
	".csv":         {"text/csv; charset=utf-8", true},
	".vtt":         {"text/vtt; charset=utf-8", true},
	".ttf":         {"font/ttf", true},
	".otf":         {"font/otf", true},
	".ico":         {"image/x-icon", true},
	".bmp":         {"image/bmp", true},
	".woff":        {"font/woff", false},
	".woff2":       {"font/woff2", false},
	".png":         {"image/png", false},
	".apng":        {"image/apng", false},
	".jpg":         {"image/jpeg", false},
	".jpeg":        {"image/jpeg", false},
	".gif":         {"image/gif", false},
	".webp":        {"image/webp", false},
	".avif":        {"image/avif", false},
	".pdf":         {"application/pdf", false},
	".zip":         {"application/zip", false},
	".gz":          {"application/gzip", false},
	".mp3":         {"audio/mpeg", false},
	".m4a":         {"audio/mp4", false},
	".ogg":         {"audio/ogg", false},
	".wav":         {"audio/wav", false},
	".mp4":         {"video/mp4", false},
	".webm":        {"video/webm", false},
}

func mediaTypeOf(name string) mediaType {
	if known, ok := mediaTypes[strings.ToLower(path.Ext(name))]; ok {
		return known
	}
	return mediaType{contentType: "application/octet-stream"}
}
