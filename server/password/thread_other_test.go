//go:build !linux

package password_test

import "testing"

// wantsStoodBack wants nothing here: see yieldToOthers.
func wantsStoodBack(*testing.T) {}
