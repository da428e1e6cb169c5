// Package token owns the two tokens of a session and the keys behind them. It
// leans on store, which keeps the signing keys, on secret and on audit; whether the
// session behind a token still lives is for package session to know.
//
//	access token   a JWT, signed with ES256, verified without a query   minted → expired
//	refresh token  a session and a generation under a MAC, never stored
//	signing key    settles (0.8 s) → signs → verifies what it signed → tells sessions to revoke → deleted
package token
