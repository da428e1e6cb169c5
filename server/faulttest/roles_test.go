//go:build linux

package faulttest

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
)

// roleVariable makes the test binary run as another program.
const roleVariable = "LYCHGATE_FAULTTEST_ROLE"

// play runs the program of a role.
func play(role string) int {
	switch role {
	case "hold":
		return exitStatus(hold())
	case "plain":
		return exitStatus(plain())
	case "hash":
		return exitStatus(hash())
	case "busy":
		for {
			runtime.Gosched()
		}
	case "probe":
		return exitStatus(probe())
	case "serve":
		return serve()
	}
	return failed(fmt.Errorf("there is no role %q", role))
}

func exitStatus(err error) int {
	if err != nil {
		return failed(err)
	}
	return 0
}

// as returns the command that runs this test binary in a role.
func as(role string, args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), roleVariable+"="+role)
	return cmd
}
