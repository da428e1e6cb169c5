// Package user owns accounts: canonical e-mail addresses and names, what is done
// to accounts and by whom, passwords within the limits, and the subject behind an
// identity, which is read from memory. It leans on session, which revokes, and on
// store. The command line and the features call it.
package user
