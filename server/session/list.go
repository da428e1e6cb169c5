package session

import (
	"context"
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
	"time"

	"lychgate/server/access"
	"lychgate/server/problem"
	"lychgate/server/store"
)

const (
	// sessionsPerPage is how many sessions a page of the list holds at most.
	sessionsPerPage = 100
	maxPlaceLength  = 256 // characters
)

// List returns a page of the caller's live sessions, after a place, which is empty
// for the first page: the current session first, then the newest. It returns the
// place of the next page, if there may be one, or a fault of the field "after".
func (s *Service) List(ctx context.Context, caller access.Identity, after string) (page []store.Session, next string, err error) {
	q, place := s.Store.Read(), store.Newest
	if after != "" {
		var ok bool
		if place, ok = readPlace(after); !ok {
			return nil, "", problem.Faults(problem.Field{Field: "after", Code: "unknown_value", Detail: "This is not the next value of a page of sessions. Leave it out to get the first page."})
		}
	} else {
		current, err := q.Session(ctx, caller.SessionID)
		switch {
		case err == nil && current.UserID == caller.UserID && s.isLive(current):
			page = append(page, s.lastSeen(current))
		case err != nil && !errors.Is(err, store.ErrNotFound):
			return nil, "", err
		}
	}
	// Lapsed sessions are skipped, but only so many: the next page continues there.
	sessions, err := q.SessionsAfter(ctx, caller.UserID, place, store.StepRows)
	if err != nil {
		return nil, "", err
	}
	for _, session := range sessions {
		if session.ID != caller.SessionID && s.isLive(session) {
			if len(page) == sessionsPerPage {
				return page, placeText(place), nil
			}
			page = append(page, s.lastSeen(session))
		}
		place = session.Place()
	}
	if len(sessions) == store.StepRows {
		next = placeText(place)
	}
	return page, next, nil
}

// lastSeen returns a session with when it was last seen, as this process knows.
func (s *Service) lastSeen(session store.Session) store.Session {
	session.LastSeenAt = s.LastSeen.of(session)
	return session
}

// placeText writes a place in a list of sessions, as clients send it back. A forged
// one does no harm: the list is the caller's own wherever it starts.
func placeText(place store.SessionPlace) string {
	text := strconv.FormatInt(place.CreatedAt.UnixMilli(), 10) + " " + place.ID
	return base64.RawURLEncoding.EncodeToString([]byte(text))
}

// readPlace reads what placeText wrote, in its one spelling.
func readPlace(text string) (store.SessionPlace, bool) {
	if len(text) > maxPlaceLength {
		return store.SessionPlace{}, false
	}
	plain, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return store.SessionPlace{}, false
	}
	at, id, _ := strings.Cut(string(plain), " ")
	ms, err := strconv.ParseInt(at, 10, 64)
	place := store.SessionPlace{CreatedAt: time.UnixMilli(ms), ID: id}
	return place, err == nil && id != "" && placeText(place) == text
}
