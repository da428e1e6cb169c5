package session

import (
	"slices"

	"lychgate/server/token"
)

// mostCookies is how many cookies of one name are looked at when sessions are
// to be revoked, and so how many signatures a request can have checked.
const mostCookies = 2

// Of returns the sessions of tokens, including expired tokens and old generations:
// good enough to revoke those sessions, and for nothing else. It looks only at the
// last tokens of each kind, because browsers send cookies with longer paths first,
// and ours have the shortest. Refresh tokens come first: their MAC is cheap to
// check, and an access token of the same session then adds nothing.
func (s *Service) Of(accessTokens, refreshTokens []string) (sessions []string) {
	for _, refresh := range last(refreshTokens) {
		known, _ := s.RefreshTokens.Read(refresh)
		sessions = appendSession(sessions, known.SessionID)
	}
	for _, access := range last(accessTokens) {
		if !slices.Contains(sessions, token.ClaimedSession(access)) {
			sessions = appendSession(sessions, s.AccessTokens.SessionOf(access))
		}
	}
	return sessions
}

func last(tokens []string) []string { return tokens[max(0, len(tokens)-mostCookies):] }

func appendSession(sessions []string, id string) []string {
	if id == "" || slices.Contains(sessions, id) {
		return sessions
	}
	return append(sessions, id)
}
