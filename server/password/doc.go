// Package password hashes and verifies passwords, a bounded number at a time,
// and owns the policy for new ones. It builds on secret, for the key that
// condenses long passwords, and on problem; it stores nothing.
package password
