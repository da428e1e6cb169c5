package servertest

import (
	"os/exec"
	"testing"
)

// Tool returns the path of a program that a test needs. Where it is missing, it
// skips the test and says which Debian package has it.
func Tool(t testing.TB, name, debianPackage string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		path, err = exec.LookPath("/usr/sbin/" + name) // which only root has in its PATH on Debian
	}
	if err != nil {
		t.Skipf("%s is not installed, and this test needs it: on Debian, apt-get install %s", name, debianPackage)
	}
	return path
}
