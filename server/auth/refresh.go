package auth

import (
	"context"
	"errors"
	"time"

	"lychgate/server/problem"
	"lychgate/server/store"
	"lychgate/server/web"
)

// leastGrace is the shortest grace there is, whatever the setting says: a
// rotation counts as one event for so long, or tabs that wake at once would
// sign each other out.
const leastGrace = time.Second

var errReplayed = errors.New("an old refresh token was presented")

// presented is a refresh token that was made here.
type presented struct {
	sessionID  string
	generation int64
}

// Refresh exchanges a refresh token for its successor. It is idempotent: all
// who present the newest token at once get the same successor, and for the
// grace after the rotation the previous token still gives that one. Any older
// token, and the previous one after the grace, revokes the session: one of its
// holders is a thief (RFC 9700, section 4.14.2). That is carried out when the
// client has hung up, too; a rotation is not, for nobody would have the
// successor. It returns ErrSessionEnded, or a problem of kind Unavailable.
func (s *Service) Refresh(ctx context.Context, token string, client Client) (Grant, error) {
	known, ok := s.RefreshTokens.read(token)
	if !ok {
		return Grant{}, ErrSessionEnded
	}
	return s.refresh(ctx, known, client)
}

func (s *Service) refresh(ctx context.Context, token presented, client Client) (Grant, error) {
	session, err := s.look(ctx, token, client)
	if err != nil {
		return Grant{}, err
	}
	var next int64
	err = s.write(ctx, func(q *store.Queries) (err error) {
		session, next, err = s.rotate(ctx, q, token)
		return err
	})
	if errors.Is(err, errReplayed) {
		err = s.revokeReplayed(ctx, session, client)
	}
	if err != nil {
		return Grant{}, err
	}
	s.Use.note(session.ID, s.Now())
	return s.grant(session, next)
}

// look reads the session of a refresh token, and revokes it where the token is
// replayed. It returns ErrSessionEnded for a session that may not go on.
func (s *Service) look(ctx context.Context, token presented, client Client) (store.Session, error) {
	ctx, cancel := lasting(ctx)
	defer cancel()
	if err := s.followClock(ctx); err != nil {
		return store.Session{}, err
	}
	session, err := s.live(ctx, s.Store.Read(), token.sessionID)
	if err == nil {
		err = s.judge(session, token)
	}
	if errors.Is(err, errReplayed) {
		err = s.revokeReplayed(ctx, session, client)
	}
	return session, err
}

// judge returns ErrSessionEnded for a token of a generation that has not been
// yet, since the database was put back from a backup, and errReplayed for one
// that must not be presented any more.
func (s *Service) judge(session store.Session, token presented) error {
	switch {
	case token.generation > session.Generation:
		return ErrSessionEnded
	case token.generation < session.Generation && !s.inGrace(session, token):
		return errReplayed
	}
	return nil
}

// rotate returns a session and the generation that follows the presented one,
// or the error of live or judge.
func (s *Service) rotate(ctx context.Context, q *store.Queries, token presented) (store.Session, int64, error) {
	for {
		session, err := s.live(ctx, q, token.sessionID)
		if err == nil {
			err = s.judge(session, token)
		}
		if err != nil || token.generation < session.Generation {
			return session, session.Generation, err
		}
		rotated, err := q.RotateSession(ctx, session.ID, token.generation, s.Now())
		if err != nil || rotated {
			return session, token.generation + 1, err
		}
		// Another request was first, or revoked the session: look again.
	}
}

// revokeReplayed revokes the session of a replayed token, and returns
// ErrSessionEnded once that is done.
func (s *Service) revokeReplayed(ctx context.Context, session store.Session, client Client) error {
	ctx, cancel := lasting(ctx)
	defer cancel()
	err := s.write(ctx, func(q *store.Queries) error {
		if err := q.EndSession(ctx, session.ID, s.Now()); err != nil {
			return err
		}
		return s.audit(ctx, q, store.EventReplay, outcomeFailure, session.UserID, session.ID, client)
	})
	switch {
	case errors.Is(err, store.ErrNotFound): // another request was first
		return ErrSessionEnded
	case err != nil:
		return err
	}
	s.Endings.Add(session.ID)
	s.Log.Warn("a refresh token was replayed; its session has been revoked", "session", session.ID, "user", session.UserID, "ip", client.IP)
	return ErrSessionEnded
}

// live reads a session that may go on, or returns ErrSessionEnded.
func (s *Service) live(ctx context.Context, q *store.Queries, id string) (store.Session, error) {
	session, err := q.Session(ctx, id)
	var user store.User
	if err == nil {
		user, err = q.User(ctx, session.UserID)
	}
	if errors.Is(err, store.ErrNotFound) || err == nil && (user.Disabled || s.isOver(session)) {
		err = ErrSessionEnded
	}
	return session, err
}

func (s *Service) inGrace(session store.Session, token presented) bool {
	return token.generation == session.Generation-1 && s.Now().Sub(session.RotatedAt) < max(s.RefreshGrace, leastGrace)
}

// Peek returns whose refresh token it is, if Refresh would accept it, and
// rotates nothing. A replay revokes the session here too. It returns
// ErrSessionEnded, or a problem of kind Unavailable.
func (s *Service) Peek(ctx context.Context, token string, client Client) (web.Identity, error) {
	known, ok := s.RefreshTokens.read(token)
	if !ok {
		return web.Identity{}, ErrSessionEnded
	}
	session, err := s.look(ctx, known, client)
	if err != nil {
		return web.Identity{}, err
	}
	return web.Identity{UserID: session.UserID, SessionID: session.ID}, nil
}

// rotationPatience is how long a request that only reads waits for its session
// to be rotated.
const rotationPatience = time.Second

// Continue is Refresh for a request that is about something else. Where the
// session cannot be rotated, because the store takes no writes, a request that
// only reads gets the identity alone, soon, and the Grant holds no tokens. So
// does one whose client has hung up: it needs no tokens, and may have asked for
// something that is carried out all the same.
func (s *Service) Continue(ctx context.Context, token string, client Client, reads bool) (Grant, error) {
	known, ok := s.RefreshTokens.read(token)
	if !ok {
		return Grant{}, ErrSessionEnded
	}
	if reads && s.outage.lasts() {
		return s.continueWithoutRotation(ctx, known, client)
	}
	attempt, cancel := ctx, context.CancelFunc(func() {})
	if reads {
		attempt, cancel = context.WithTimeout(ctx, rotationPatience)
	}
	grant, err := s.refresh(attempt, known, client)
	cancel()
	unavailable := err != nil && problem.From(err).Kind == problem.Unavailable
	gone := ctx.Err() != nil
	switch {
	case unavailable && !gone && s.outage.note(true):
		s.Log.Error("the store takes no writes: whoever is signed in can go on reading, and sessions are not rotated", "error", err)
	case err == nil && s.outage.note(false):
		s.Log.Info("the store takes writes again")
	}
	if unavailable && (reads || gone) {
		return s.continueWithoutRotation(ctx, known, client)
	}
	return grant, err
}

// continueWithoutRotation returns the identity behind a refresh token; the
// tokens too where the session has been rotated already, so that their making
// needs no write.
func (s *Service) continueWithoutRotation(ctx context.Context, token presented, client Client) (Grant, error) {
	session, err := s.look(ctx, token, client)
	if err != nil {
		return Grant{}, err
	}
	s.Use.note(session.ID, s.Now())
	if token.generation < session.Generation {
		return s.grant(session, session.Generation)
	}
	return Grant{Identity: web.Identity{UserID: session.UserID, SessionID: session.ID}}, nil
}
