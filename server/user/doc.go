// Package user owns accounts: canonical e-mail addresses and names, changes to
// accounts and who made them, verifying passwords within the limits, and a cache of
// the subject behind each identity. It leans on session to revoke sessions, and on
// store. The command line and the features call it.
package user
