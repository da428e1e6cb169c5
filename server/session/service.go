package session

import (
	"context"
	"log/slog"
	"time"

	"lychgate/server/access"
	"lychgate/server/audit"
	"lychgate/server/memory"
	"lychgate/server/pending"
	"lychgate/server/problem"
	"lychgate/server/store"
	"lychgate/server/token"
)

// Service starts, refreshes, lists and revokes sessions. All exported fields except
// SecondStep must be set.
type Service struct {
	Store         *store.Store
	AccessTokens  *token.Access
	RefreshTokens token.Refresh
	Revoked       *Revoked
	LastSeen      *LastSeen
	// Settle returns once no step back of the clock is left in what is stored, or a
	// problem of kind Unavailable.
	Settle func(ctx context.Context) error

	Idle      time.Duration // a session lapses after this long unused,
	Max       time.Duration // and after this long in any case
	Grace     time.Duration // see Refresh
	AccessTTL time.Duration // how long an access token lives
	Limit     int           // of one account: a start past it revokes those least recently used

	// SecondStep, if set, says in the transaction of a start whether the person must
	// prove something more first.
	SecondStep func(ctx context.Context, q *store.Queries, proof Proof) (*Challenge, error)

	Now func() time.Time
	Log *slog.Logger

	// Began remembers when sessions began. It is dropped when stored times are
	// corrected.
	Began *memory.Rows[time.Time]

	outage outage
	// crowded are accounts with more sessions past the limit than one start revokes.
	crowded pending.Set
}

// RememberedSessions is how many sessions Began should remember: each takes some
// hundred bytes.
const RememberedSessions = 20_000

// ErrEnded is returned for a refresh token whose session was revoked, has lapsed or
// never existed.
var ErrEnded = problem.New(problem.Unauthenticated, "session_ended", "This session has ended. Sign in again.")

// Tokens are what a session hands out.
type Tokens struct {
	Identity   access.Identity
	Access     string
	ExpiresIn  int // of the access token, in seconds
	Refresh    string
	CookieLife time.Duration // as long as the session may last
}

// lapsesAt returns when a session lapses if it is not used again.
func (s *Service) lapsesAt(session store.Session, lastSeen time.Time) time.Time {
	idle, most := lastSeen.Add(s.Idle), session.CreatedAt.Add(s.Max)
	if most.Before(idle) {
		return most
	}
	return idle
}

// isLive reports whether a session has neither been revoked nor lapsed.
func (s *Service) isLive(session store.Session) bool {
	return !session.Revoked && s.Now().Before(s.lapsesAt(session, s.LastSeen.of(session)))
}

// tokens returns the tokens of a generation of a session.
func (s *Service) tokens(session store.Session, generation int64) (Tokens, error) {
	identity := access.Identity{UserID: session.UserID, SessionID: session.ID}
	accessToken, expiresIn, err := s.AccessTokens.Mint(identity, s.lapsesAt(session, s.Now()))
	return Tokens{
		Identity:   identity,
		Access:     accessToken,
		ExpiresIn:  expiresIn,
		Refresh:    s.RefreshTokens.Mint(session.ID, generation),
		CookieLife: session.CreatedAt.Add(s.Max).Sub(s.Now()),
	}, err
}

// audit writes a line about a session, or about several of one account.
func (s *Service) audit(ctx context.Context, q *store.Queries, event audit.Event, userID, sessionID string, by audit.By) error {
	return audit.Write(ctx, q, s.Now(), audit.Line{Event: event, UserID: userID, SessionID: sessionID, By: by})
}
