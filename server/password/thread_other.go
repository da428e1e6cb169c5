//go:build !linux

package password

// yieldToOthers does nothing: only on Linux has a thread a priority of its own
// that anybody may lower.
func yieldToOthers() {}
