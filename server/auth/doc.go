// Package auth owns sign-up, password sign-in and sign-out: what is asked for,
// and what is answered. It leans on user for accounts and passwords, and on session,
// which alone starts sessions.
package auth
