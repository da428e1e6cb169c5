package database_test

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"lychgate/server/database"
)

// Who watches a database hears of every commit by anybody, and of nothing while
// nobody writes.
func TestWatch(t *testing.T) {
	file := path(t)
	db, _, err := database.Opener{Migrations: migrations}.Migrate(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	other := stranger(t, file)
	execute(t, other, "SELECT id FROM users") // what opening it writes comes before the watch

	written, stop, err := db.Watch()
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "linux" {
		t.Skip("elsewhere than on Linux nothing tells of writes, and the channel is closed")
	}
	execute(t, other, "SELECT id FROM users")
	select {
	case <-written:
		t.Error("reading is taken for a write")
	default:
	}
	for range 3 {
		execute(t, other, "UPDATE maintenance SET erasures = erasures + 1")
		select {
		case _, open := <-written:
			if !open {
				t.Fatal("the watch has ended")
			}
		case <-time.After(time.Minute):
			t.Fatal("a commit by another process goes unnoticed")
		}
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	for range written { // it ends
	}
}

// Where nothing tells of writes, there may be one at any time.
func TestWatchThatIsNotPossible(t *testing.T) {
	file := filepath.Join(t.TempDir(), "data", "lychgate.db")
	if err := os.Mkdir(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	db, _, err := database.Opener{Migrations: migrations}.Migrate(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := os.Rename(filepath.Dir(file), filepath.Dir(file)+".away"); err != nil {
		t.Fatal(err)
	}
	written, stop, err := db.Watch()
	if runtime.GOOS == "linux" && err == nil {
		t.Error("no error")
	}
	if _, open := <-written; open {
		t.Error("the channel is open")
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}
