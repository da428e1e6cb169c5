// Package session owns sessions. No other package starts, refreshes, lists or
// revokes them, or authenticates requests. It leans on token for a session's
// tokens, on store for its row, and on web for cookies. Callers decide whether a
// session may start, and pass a Proof.
//
//	Start ──▶ live ──▶ lapsed    idle, or past its longest life
//	          │  ▲ └──▶ revoked   signed out, replaced, replayed, past the limit, or by an operator
//	          └──┘
//	        Refresh: the next generation of the refresh token
package session
