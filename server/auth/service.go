package auth

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	"lychgate/server/problem"
	"lychgate/server/secret"
	"lychgate/server/store"
)

// Service signs people up and in, and starts, continues and ends sessions.
// All exported fields must be set.
type Service struct {
	Store         *store.Store
	Keys          *Keys
	Hasher        *secret.Hasher
	Policy        secret.PasswordPolicy
	AccessTokens  *AccessTokens
	RefreshTokens RefreshTokens
	Endings       *Endings
	Limits        *Limits
	Use           *Use
	Clock         *Clock
	Crowded       chan string // accounts with far too many sessions; see Maintain

	SignupClosed bool
	SessionIdle  time.Duration // a session ends after this long unused,
	SessionMax   time.Duration // and after this long in any case
	RefreshGrace time.Duration // see Refresh
	AccessTTL    time.Duration // how long an access token lives
	AuditKeep    time.Duration // how long audit lines are kept
	SessionLimit int           // of one account: a sign-in past it revokes those least recently used

	Now func() time.Time
	Log *slog.Logger

	outage outage
}

// Client is from where a request came, as audit log and session list show it.
type Client struct {
	IP        string
	UserAgent string
}

// Credentials are what a person signs up or in with.
type Credentials struct {
	Email    string
	Password string
}

var (
	errInvalidCredentials = problem.New(problem.Unauthenticated, "invalid_credentials", "The e-mail address or the password is not right.")
	errSignupClosed       = problem.New(problem.Forbidden, "signup_closed", "Sign-up is closed. Ask whoever runs this site for an account.")
	// ErrSessionEnded is returned for a refresh token that no longer counts.
	ErrSessionEnded = problem.New(problem.Unauthenticated, "session_ended", "This session has ended. Sign in again.")
)

const (
	outcomeSuccess = "success"
	outcomeFailure = "failure"
)

// RestoreLimits takes over the failed sign-ins that the process before had
// counted per account.
func (s *Service) RestoreLimits(ctx context.Context) error {
	attempts, err := s.Store.Read().AttemptsAt(ctx, s.Now())
	for _, a := range attempts {
		s.Limits.Restore(a.Account, a.FullAt)
	}
	return err
}

// mostUnknownAgent is as much of a user agent as is kept of somebody who tried an
// account that does not exist, in bytes.
const mostUnknownAgent = 128

// audit writes a line of the audit log. It writes none about an account that
// has been deleted since it was read: nothing is kept of such a person.
func (s *Service) audit(ctx context.Context, q *store.Queries, event, outcome, userID, sessionID string, client Client) error {
	if userID != "" {
		if _, err := q.User(ctx, userID); errors.Is(err, store.ErrNotFound) {
			return nil
		} else if err != nil {
			return err
		}
	} else if len(client.UserAgent) > mostUnknownAgent {
		client.UserAgent = strings.ToValidUTF8(client.UserAgent[:mostUnknownAgent], "")
	}
	return q.Audit(ctx, store.AuditLine{
		At: s.Now(), Event: event, Outcome: outcome, UserID: userID, SessionID: sessionID,
		IP: client.IP, UserAgent: client.UserAgent,
	})
}
