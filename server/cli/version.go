package cli

import (
	"fmt"
	"runtime"

	"lychgate/server/cli/terminal"
)

// version is set by the linker.
var version = "dev"

type versionCommand struct{ terminal.Output }

// Run prints the version.
func (v versionCommand) Run(p *process) error {
	built := struct {
		Version string `json:"version"`
		Go      string `json:"go"`
		OS      string `json:"os"`
		Arch    string `json:"arch"`
	}{version, runtime.Version(), runtime.GOOS, runtime.GOARCH}
	return v.Say(p.Stdout, built, versionLine())
}

func versionLine() string {
	return fmt.Sprintf("lychgate %s (%s, %s/%s)", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
