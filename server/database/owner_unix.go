//go:build unix

package database

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Adopt gives a file created by root in another user's directory to that user,
// whose server could not open it otherwise. It does nothing for other files or
// unless run by root. SQLite does the same for the files it creates beside a
// database.
func Adopt(path string) error { return AdoptFor(path, filepath.Dir(path)) }

// AdoptFor is Adopt for a file that will be moved to a directory.
func AdoptFor(path, into string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	directory, err := os.Stat(into)
	if err != nil {
		return err
	}
	file, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	owner, ownerKnown := directory.Sys().(*syscall.Stat_t)
	own, ownKnown := file.Sys().(*syscall.Stat_t)
	// Only a regular file with one name: the directory's owner could have
	// placed a link to a file of root's there.
	if !ownerKnown || !ownKnown || owner.Uid == 0 || own.Uid != 0 || !file.Mode().IsRegular() || own.Nlink != 1 {
		return nil
	}
	return os.Lchown(path, int(owner.Uid), int(owner.Gid))
}
