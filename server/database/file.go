package database

import (
	"io"
	"os"
	"slices"
)

// Header is the beginning of a file; see https://sqlite.org/fileformat.html.
type Header []byte

const (
	magic = "SQLite format 3\x00"
	// headerSize is up to the write and read version, which follow the page
	// size.
	headerSize = len(magic) + 2 + 2
)

// ReadHeader reads the beginning of a file, or as much as there is.
func ReadHeader(file string) (Header, error) {
	opened, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer opened.Close() //nolint:errcheck // only read
	first, err := io.ReadAll(io.LimitReader(opened, int64(headerSize)))
	if err != nil {
		return nil, err
	}
	return first, nil
}

// IsDatabase reports whether the file is a SQLite database.
func (h Header) IsDatabase() bool { return len(h) == headerSize && string(h[:len(magic)]) == magic }

// WithLog reports whether a database has a write-ahead log, as one that is in
// use does; a backup has none.
func (h Header) WithLog() bool { return h[headerSize-1] == 2 }

// EscapeGlob makes a path match only itself in a pattern of filepath.Glob.
func EscapeGlob(path string) string {
	var escaped []rune
	for _, r := range path {
		if slices.Contains([]rune(`*?[\`), r) {
			escaped = append(escaped, '\\')
		}
		escaped = append(escaped, r)
	}
	return string(escaped)
}
