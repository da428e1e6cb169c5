//go:build !linux

package password_test

import "testing"

// wantsLowPriority checks nothing; see yieldToOthers.
func wantsLowPriority(*testing.T) {}
