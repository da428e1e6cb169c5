// Package session owns sessions: it alone starts, refreshes, lists and revokes
// them, and authenticates requests. It leans on token for what a session hands out,
// on store for what is kept, and on web for cookies. Whether a session may start is
// up to its callers, who bring a Proof.
//
//	Start ──▶ live ──▶ lapsed    idle, or past its longest life
//	          │  ▲ └──▶ revoked   signed out, replaced, replayed, past the limit, or by an operator
//	          └──┘
//	        Refresh: the next generation of the refresh token
package session
