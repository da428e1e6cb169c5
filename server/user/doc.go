// Package user owns accounts: canonical e-mail addresses and names, what is done
// to accounts and by whom, their passwords within the limits, and the subject
// behind an identity, read from memory. It leans on session, which revokes, and on
// store; the command line and the features are its callers.
package user
