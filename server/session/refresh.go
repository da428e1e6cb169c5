package session

import (
	"context"
	"errors"
	"time"

	"lychgate/server/access"
	"lychgate/server/audit"
	"lychgate/server/problem"
	"lychgate/server/store"
	"lychgate/server/token"
)

// leastGrace is the shortest grace period, whatever the setting says. Without one,
// tabs that wake up together would sign each other out.
const leastGrace = time.Second

var errReplayed = errors.New("an old refresh token was presented")

// Refresh exchanges a refresh token for its successor. It is idempotent: requests
// that present the newest token at the same time all get the same successor, and
// during the grace period the previous token still yields it. Any older token, and
// the previous one after the grace period, revokes the session, because one of its
// holders is a thief (RFC 9700, section 4.14.2). A revocation is carried out even
// if the client has hung up; a rotation is not, since nobody would receive the
// successor. It returns ErrEnded, or a problem of kind Unavailable.
func (s *Service) Refresh(ctx context.Context, refreshToken string, client audit.Client) (Tokens, error) {
	known, ok := s.RefreshTokens.Read(refreshToken)
	if !ok {
		return Tokens{}, ErrEnded
	}
	return s.refresh(ctx, known, client)
}

func (s *Service) refresh(ctx context.Context, presented token.Presented, client audit.Client) (Tokens, error) {
	session, err := s.look(ctx, presented, client)
	if err != nil {
		return Tokens{}, err
	}
	var next int64
	err = s.Store.Write(ctx, func(q *store.Queries) (err error) {
		session, next, err = s.rotate(ctx, q, presented)
		return err
	})
	if errors.Is(err, errReplayed) {
		err = s.revokeReplayed(ctx, session, client)
	}
	if err != nil {
		return Tokens{}, err
	}
	s.LastSeen.note(session.ID, s.Now())
	return s.tokens(session, next)
}

// look reads the session of a refresh token, and revokes it if the token is
// replayed. It returns ErrEnded unless the session is live.
func (s *Service) look(ctx context.Context, presented token.Presented, client audit.Client) (store.Session, error) {
	ctx, cancel := Lasting(ctx)
	defer cancel()
	if err := s.Settle(ctx); err != nil {
		return store.Session{}, err
	}
	session, err := s.readLive(ctx, s.Store.Read(), presented.SessionID)
	if err == nil {
		err = s.judge(session, presented)
	}
	if errors.Is(err, errReplayed) {
		err = s.revokeReplayed(ctx, session, client)
	}
	return session, err
}

// judge returns ErrEnded for a token of a generation that does not exist yet,
// because the database was restored from a backup, and errReplayed for one that is
// too old to be presented.
func (s *Service) judge(session store.Session, presented token.Presented) error {
	switch {
	case presented.Generation > session.Generation:
		return ErrEnded
	case presented.Generation < session.Generation && !s.inGrace(session, presented):
		return errReplayed
	}
	return nil
}

// rotate returns a session and the generation that follows the presented one,
// or the error of readLive or judge.
func (s *Service) rotate(ctx context.Context, q *store.Queries, presented token.Presented) (store.Session, int64, error) {
	for {
		session, err := s.readLive(ctx, q, presented.SessionID)
		if err == nil {
			err = s.judge(session, presented)
		}
		if err != nil || presented.Generation < session.Generation {
			return session, session.Generation, err
		}
		rotated, err := q.RotateSession(ctx, session.ID, presented.Generation, s.Now())
		if err != nil || rotated {
			return session, presented.Generation + 1, err
		}
		// Another request rotated or revoked the session first: look again.
	}
}

// revokeReplayed revokes the session of a replayed token, and returns
// ErrEnded once that is done.
func (s *Service) revokeReplayed(ctx context.Context, session store.Session, client audit.Client) error {
	ctx, cancel := Lasting(ctx)
	defer cancel()
	err := s.Store.Write(ctx, func(q *store.Queries) error {
		if err := q.RevokeSession(ctx, session.ID, s.Now()); err != nil {
			return err
		}
		// An old token does not prove who presents it, so there is no actor.
		return audit.Write(ctx, q, s.Now(), audit.Line{
			Event: audit.RefreshReplay, Outcome: audit.Failure, UserID: session.UserID, SessionID: session.ID, By: audit.By{Client: client},
		})
	})
	switch {
	case errors.Is(err, store.ErrNotFound): // another request was first
		return ErrEnded
	case err != nil:
		return err
	}
	s.Log.Warn("a refresh token was replayed; its session has been revoked", "session", session.ID, "user", session.UserID, "ip", client.IP)
	return ErrEnded
}

// readLive reads a live session, or returns ErrEnded.
func (s *Service) readLive(ctx context.Context, q *store.Queries, id string) (store.Session, error) {
	session, err := q.Session(ctx, id)
	var user store.User
	if err == nil {
		user, err = q.User(ctx, session.UserID)
	}
	if errors.Is(err, store.ErrNotFound) || err == nil && (user.Disabled || !s.isLive(session)) {
		err = ErrEnded
	}
	return session, err
}

func (s *Service) inGrace(session store.Session, presented token.Presented) bool {
	return presented.Generation == session.Generation-1 && s.Now().Sub(session.RotatedAt) < max(s.Grace, leastGrace)
}

// Peek returns whose refresh token it is, if Refresh would accept it, without
// rotating it. A replay revokes the session here too. It returns ErrEnded, or a
// problem of kind Unavailable.
func (s *Service) Peek(ctx context.Context, refreshToken string, client audit.Client) (access.Identity, error) {
	known, ok := s.RefreshTokens.Read(refreshToken)
	if !ok {
		return access.Identity{}, ErrEnded
	}
	session, err := s.look(ctx, known, client)
	if err != nil {
		return access.Identity{}, err
	}
	return access.Identity{UserID: session.UserID, SessionID: session.ID}, nil
}

// rotationPatience is how long a request that only reads waits for its session
// to be rotated.
const rotationPatience = time.Second

// Continue is Refresh for a request that is about something else. If the session
// cannot be rotated because the store takes no writes, a request that only reads
// still gets the identity, without tokens and without a long wait. So does a
// request whose client has hung up: it needs no tokens, and what it asked for may
// be carried out all the same.
func (s *Service) Continue(ctx context.Context, refreshToken string, client audit.Client, reads bool) (Tokens, error) {
	known, ok := s.RefreshTokens.Read(refreshToken)
	if !ok {
		return Tokens{}, ErrEnded
	}
	if reads && s.outage.lasts() {
		return s.continueWithoutRotation(ctx, known, client)
	}
	attempt, cancel := ctx, context.CancelFunc(func() {})
	if reads {
		attempt, cancel = context.WithTimeout(ctx, rotationPatience)
	}
	tokens, err := s.refresh(attempt, known, client)
	cancel()
	unavailable := err != nil && problem.From(err).Kind == problem.Unavailable
	gone := ctx.Err() != nil
	switch {
	case unavailable && !gone && s.outage.note(true):
		s.Log.Error("the store cannot be written to: signed-in people can still read, but sessions are not rotated", "error", err)
	case err == nil && s.outage.note(false):
		s.Log.Info("the store can be written to again")
	}
	if unavailable && (reads || gone) {
		return s.continueWithoutRotation(ctx, known, client)
	}
	return tokens, err
}

// continueWithoutRotation returns the identity behind a refresh token. If the
// session has been rotated already, it returns the tokens too: minting them needs
// no write.
func (s *Service) continueWithoutRotation(ctx context.Context, presented token.Presented, client audit.Client) (Tokens, error) {
	session, err := s.look(ctx, presented, client)
	if err != nil {
		return Tokens{}, err
	}
	s.LastSeen.note(session.ID, s.Now())
	if presented.Generation < session.Generation {
		return s.tokens(session, session.Generation)
	}
	return Tokens{Identity: access.Identity{UserID: session.UserID, SessionID: session.ID}}, nil
}
