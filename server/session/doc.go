// Package session owns sessions: it alone starts, refreshes, lists and revokes
// them, and says who is calling. It leans on token for what a session hands out,
// on store for what is kept, and on web for the cookies; why a session may start
// is for its callers to prove.
//
//	Start ──▶ live ──▶ lapsed    idle, or past its longest life
//	          │  ▲ └──▶ revoked   signed out, replaced, replayed, or by somebody who may
//	          └──┘
//	        Refresh: the next generation of the refresh token
package session
