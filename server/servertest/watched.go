package servertest

import (
	"runtime/debug"
	"slices"
)

// Watched reports whether the race detector is at work.
func Watched() bool {
	build, _ := debug.ReadBuildInfo()
	return slices.Contains(build.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}
