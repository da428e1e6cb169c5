// Package password owns passwords: how they are hashed and verified, a bounded
// number at a time, and the policy for new ones. It leans on secret for the key
// that condenses long passwords, and on problem; it stores nothing.
package password
