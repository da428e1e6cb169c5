package store_test

import (
	"errors"
	"io/fs"
	"os"
	"strconv"
	"testing"

	"lychgate/server/store"
)

func TestBackupBesideWrites(t *testing.T) {
	database := path(t)
	s := open(t, database)
	mustCreate(t, s, "before")
	stop, stopped := make(chan struct{}), make(chan error, 1)
	go func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				stopped <- nil
				return
			default:
				if err := create(t.Context(), s, "during"+strconv.Itoa(i)); err != nil {
					stopped <- err
					return
				}
			}
		}
	}()
	file := path(t)
	if written, size, err := store.Backup(t.Context(), database, file); err != nil || written != file || size == 0 {
		t.Fatalf("%q, %d bytes, %v", written, size, err)
	}
	close(stop)
	if err := <-stopped; err != nil {
		t.Errorf("a write beside the backup: %v", err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the backup: %v, %v", info, err)
	}
	if _, _, err := store.Backup(t.Context(), database, file); !errors.Is(err, fs.ErrExist) {
		t.Errorf("over another file: %v", err)
	}
	if _, err := open(t, file).Read().User(t.Context(), "before"); err != nil {
		t.Errorf("in the backup: %v", err)
	}
}
