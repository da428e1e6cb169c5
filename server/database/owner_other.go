//go:build !unix

package database

// Adopt is for systems where root makes files for other users.
func Adopt(string) error { return nil }

// AdoptFor is Adopt for a file that will be moved.
func AdoptFor(string, string) error { return nil }
