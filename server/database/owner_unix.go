//go:build unix

package database

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Adopt gives a file that root has made in the directory of another user to
// that user: a server that runs as such could not open it. It does nothing for
// any other file, and nothing unless root runs it. SQLite does the same for
// the files that it makes beside a database.
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
	// One name, and no link: the owner of the directory could have put one there
	// that leads to a file of root's.
	if !ownerKnown || !ownKnown || owner.Uid == 0 || own.Uid != 0 || !file.Mode().IsRegular() || own.Nlink != 1 {
		return nil
	}
	return os.Lchown(path, int(owner.Uid), int(owner.Gid))
}
