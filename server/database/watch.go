package database

import (
	"errors"
	"fmt"
	"path/filepath"
	"runtime"

	"github.com/fsnotify/fsnotify"
)

// Watch reports every write to the database, by whatever process, until stop is
// called: writes that nobody has received yet are one. Where the system cannot
// tell, the channel is closed, and stays so: anything may have been written at
// any time. The error says why, and is nil where that is only to be expected.
func (db *DB) Watch() (written <-chan struct{}, stop func() error, err error) {
	news := make(chan struct{}, 1)
	// Every commit is written to the log in the database's directory. Elsewhere
	// than on Linux a file that is kept open may change without notice.
	if runtime.GOOS != "linux" {
		close(news)
		return news, func() error { return nil }, nil
	}
	directory := filepath.Dir(db.inUse.Path())
	watcher, err := fsnotify.NewWatcher()
	if err == nil {
		if err = watcher.Add(directory); err != nil {
			err = errors.Join(err, watcher.Close())
		}
	}
	if err != nil {
		close(news)
		return news, func() error { return nil }, fmt.Errorf("watch %s: %w", directory, err)
	}
	go func() {
		defer close(news)
		for {
			// Which file it was does not matter, and an error is one of lost news.
			select {
			case _, open := <-watcher.Events:
				if !open {
					return
				}
			case _, open := <-watcher.Errors:
				if !open {
					return
				}
			}
			select {
			case news <- struct{}{}:
			default:
			}
		}
	}()
	return news, watcher.Close, nil
}
