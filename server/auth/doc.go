// Package auth owns the requests and answers of sign-up, password sign-in and
// sign-out. It leans on user for accounts and passwords, and on session, the only
// package that starts sessions.
package auth
