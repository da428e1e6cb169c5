package password_test

import (
	"syscall"
	"testing"

	"lychgate/server/password"
)

// wantsLowPriority fails the test unless the current thread has a lower
// priority than others.
func wantsLowPriority(t *testing.T) {
	t.Helper()
	const highest = 20 // the system call returns 20 less the nice value
	left, err := syscall.Getpriority(syscall.PRIO_PROCESS, 0)
	if err != nil {
		t.Error(err)
	}
	if nice := highest - left; nice < password.Niceness {
		t.Errorf("the thread has the nice value %d, want %d", nice, password.Niceness)
	}
}
