// Package token owns a session's two tokens and the keys behind them. It builds
// on store, which keeps the signing keys, on secret and on audit. Whether a
// token's session is still live is left to package session.
//
//	access token   a JWT, signed with ES256, verified without a query   minted → expired
//	refresh token  a session and a generation under a MAC, never stored
//	signing key    settles (0.8 s) → signs → verifies what it signed → identifies sessions to revoke → deleted
package token
