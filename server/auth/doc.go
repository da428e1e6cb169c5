// Package auth owns sign-up, sign-in, access tokens, sessions, refresh and
// revocation; it alone starts and ends sessions. It leans on store for what
// lasts, on secret for passwords and keys, and on web for HTTP. Other features
// end sessions by calling it.
package auth
