package cli

import (
	"fmt"
	"runtime"
)

// version is set by the linker.
var version = "dev"

type versionCommand struct{}

// Run prints the version.
func (versionCommand) Run(p *process) error {
	_, err := fmt.Fprintln(p.Stdout, versionLine())
	return err
}

func versionLine() string {
	return fmt.Sprintf("lychgate %s (%s, %s/%s)", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
