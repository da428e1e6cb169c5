package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"lychgate/server/config"
	"lychgate/server/database"
)

// formerData returns a warning if there is no database yet, but one that the
// program may have made before it was renamed: NAME.db in the data directory, or
// in the directory NAME-data beside it. It only looks.
func formerData(i config.Installation) string {
	own := i.DatabasePath()
	if _, err := os.Stat(own); !errors.Is(err, fs.ErrNotExist) {
		return ""
	}
	// The only errors are of malformed patterns.
	inside, _ := filepath.Glob(filepath.Join(database.EscapeGlob(i.DataDir), "*.db"))
	beside, _ := filepath.Glob(filepath.Join(database.EscapeGlob(filepath.Dir(filepath.Clean(i.DataDir))), "*-data", "*.db"))
	for _, file := range append(inside, beside...) {
		dir, name := filepath.Dir(file), strings.TrimSuffix(filepath.Base(file), ".db")
		named := dir == filepath.Clean(i.DataDir) || filepath.Base(dir) == name+"-data"
		if named && (exists(filepath.Join(dir, "secret")) || exists(file+".in-use")) && isSQLite(file) {
			return fmt.Sprintf("there is no %s, but there is %s, perhaps made before this program was renamed; it was left alone. To use it, stop all servers and move it to %s, and move the secret and a -wal file beside it in the same way", own, file, own)
		}
	}
	return ""
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func isSQLite(path string) bool {
	header, err := database.ReadHeader(path)
	return err == nil && header.IsDatabase()
}
