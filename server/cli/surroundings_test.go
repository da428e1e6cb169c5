package cli_test

import (
	"database/sql"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/gofrs/flock"
)

// hold holds a lock until the test ends.
func hold(t *testing.T, file string) {
	t.Helper()
	lock := flock.New(file)
	if err := lock.Lock(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { lock.Unlock() })
}

// nobody is a user who owns nothing else.
const nobody = 65534

// public is a directory that every user can reach, with a copy of the program.
func public(t *testing.T) (dir, program string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "lychgate")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	original, err := exec.LookPath("lychgate")
	if err != nil {
		t.Fatal(err)
	}
	binary, err := os.ReadFile(original)
	if err != nil {
		t.Fatal(err)
	}
	program = filepath.Join(dir, "lychgate") // its name says what it is
	if err := os.WriteFile(program, binary, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir, program
}

// Commands run by root in a service's directory leave nothing that keeps the
// service from starting.
func TestCommandsOfRootBesideAServiceOfAnotherUser(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can act for two users")
	}
	dir, program := public(t)
	data := filepath.Join(dir, "data")
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(data, nobody, nobody); err != nil {
		t.Fatal(err)
	}
	as := func(user uint32, args ...string) *exec.Cmd {
		cmd := lychgate(t, dir, append(args, "--data-dir", data)...)
		cmd.Path = program
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: user, Gid: user}}
		cmd.Stdin = strings.NewReader("correct horse battery staple\n")
		return cmd
	}
	serve := func() {
		t.Helper()
		_, end := serves(t, as(nobody, "serve", "--addr", "localhost:0"))
		// While the server has its log open.
		does(t, 0, as(0, "user", "disable", "--email", "ada@example.com"))
		end(os.Kill)
		does(t, 0, as(0, "user", "enable", "--email", "ada@example.com"))
		_, end = serves(t, as(nobody, "serve", "--addr", "localhost:0"))
		end(syscall.SIGTERM)
	}
	does(t, 0, as(0, "user", "create", "--email", "ada@example.com", "--bcrypt-cost", "10"))
	serve()
	copied := filepath.Join(t.TempDir(), "copy.db")
	does(t, 0, as(0, "backup", copied))
	does(t, 0, as(0, "restore", copied, "--yes"))
	serve()
	does(t, 0, as(0, "migrate"))
	serve()
	does(t, 0, as(nobody, "user", "list"))

	// A lock file left by an earlier version is named, with advice.
	if err := os.Chown(filepath.Join(data, "lychgate.db.lock"), 0, 0); err != nil {
		t.Fatal(err)
	}
	_, said := does(t, 1, as(nobody, "serve", "--addr", "localhost:0"))
	if want := filepath.Join(data, "lychgate.db.lock") + ": permission denied: the file belongs to another user; give it to the user that runs lychgate (chown), or remove it"; !strings.Contains(said, want) {
		t.Errorf("it said %q, want %q", said, want)
	}
	does(t, 0, as(0, "user", "list")) // which mends it
	serve()
}

// execute runs a statement on a database as another program.
func execute(t *testing.T, database, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+database+"?mode=rw")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// manyLines is a database of schema 1 with as many lines in its audit log.
const manyLines = `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
	INSERT INTO audit (at, event, outcome, user_id, session_id, ip, user_agent)
	SELECT i, 'login', 'failure', hex(randomblob(13)), hex(randomblob(13)), '2001:db8::' || i, 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0' FROM n`

// In a container only the data directory may be writable, not even /tmp.
// Temporary files for sorting go there.
func TestOnlyTheDataDirectoryCanBeWritten(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can mount a root that cannot be written")
	}
	dir, program := public(t)
	data := filepath.Join(dir, "data")
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := makeOlder(filepath.Join(data, "lychgate.db"), 1); err != nil {
		t.Fatal(err)
	}
	execute(t, filepath.Join(data, "lychgate.db"), manyLines)
	inside := func(args ...string) *exec.Cmd {
		// A separate, read-only root with a writable data directory.
		script := `set -e
			mount --make-rprivate /
			mount --bind "$0" /mnt
			for place in /tmp /var/tmp; do mount -t tmpfs -o ro none $place; done
			mount -o remount,bind,ro / || mount -o remount,ro /
			cd /
			if touch /tmp/x /var/tmp/x /x 2>/dev/null; then echo "it can be written" >&2; exit 99; fi
			exec "$@"`
		cmd := exec.CommandContext(t.Context(), "sh", append([]string{"-c", script, dir, "/mnt/" + filepath.Base(program)}, args...)...)
		cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
		cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
		return cmd
	}
	if output, err := inside("version").CombinedOutput(); err != nil {
		t.Skipf("a root that cannot be written cannot be had here: %v: %s", err, output)
	}
	does(t, 0, inside("backup", "/mnt/data/copy.db", "--data-dir", "/mnt/data"))
	printed, _ := does(t, 0, inside("migrate", "--data-dir", "/mnt/data"))
	if !strings.Contains(printed, "migrated the schema from 1 to ") {
		t.Errorf("it said %q", printed)
	}
	_, end := serves(t, inside("serve", "--addr", "localhost:0", "--data-dir", "/mnt/data"))
	end(syscall.SIGTERM)
	does(t, 0, inside("restore", "/mnt/data/copy.db", "--yes", "--data-dir", "/mnt/data"))
}

// A backup can be made of a read-only medium.
func TestBackupOfAMediumThatCannotBeWritten(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can mount")
	}
	dir, program := public(t)
	data := filepath.Join(dir, "data")
	create := lychgate(t, dir, "user", "create", "--email", "ada@example.com", "--bcrypt-cost", "10", "--data-dir", data)
	create.Stdin = strings.NewReader("correct horse battery staple\n")
	does(t, 0, create)
	inside := func(args ...string) *exec.Cmd {
		script := `set -e
			mount --make-rprivate /
			mount --bind "$0" /mnt
			mount -o remount,bind,ro /mnt
			exec "$@"`
		cmd := exec.CommandContext(t.Context(), "sh", append([]string{"-c", script, dir, "/mnt/" + filepath.Base(program)}, args...)...)
		cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
		cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
		return cmd
	}
	if output, err := inside("version").CombinedOutput(); err != nil {
		t.Skipf("nothing can be mounted here: %v: %s", err, output)
	}
	copied := filepath.Join(t.TempDir(), "copy.db")
	does(t, 0, inside("backup", copied, "--data-dir", "/mnt/data"))
	printed, _ := does(t, 0, lychgate(t, dir, "restore", copied, "--data-dir", data, "--yes"))
	if !strings.Contains(printed, "restored "+copied) {
		t.Errorf("it said %q", printed)
	}
	// Writing commands say why they fail.
	_, said := does(t, 1, inside("user", "disable", "--email", "ada@example.com", "--data-dir", "/mnt/data"))
	if !strings.Contains(said, "read-only file system") && !strings.Contains(said, "readonly") {
		t.Errorf("it said %q", said)
	}
}
