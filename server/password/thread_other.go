//go:build !linux

package password

// yieldToOthers does nothing: only Linux has a priority per thread that anybody
// may lower.
func yieldToOthers() {}
