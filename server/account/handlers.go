// Package account owns what people do with their own account: profile, password,
// sessions and recent events. It leans on user to change accounts, and on session
// to revoke sessions.
package account

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"lychgate/server/access"
	"lychgate/server/audit"
	"lychgate/server/problem"
	"lychgate/server/session"
	"lychgate/server/store"
	"lychgate/server/user"
	"lychgate/server/web"
)

// Handlers answer the routes below /api/user, each for the caller.
type Handlers struct {
	Store     *store.Store
	Passwords *user.Passwords
	Sessions  *session.Service
	Subjects  *user.Subjects
	Cookies   web.Cookies
}

// Profile answers GET /api/user/profile.
func (h Handlers) Profile(c echo.Context, caller access.Identity) error {
	profile, err := h.Subjects.Profile(c.Request().Context(), caller)
	if err != nil {
		return err
	}
	return c.JSONBlob(http.StatusOK, profile)
}

// UpdateProfile answers PATCH /api/user/profile; what the request leaves out
// stays as it is.
func (h Handlers) UpdateProfile(c echo.Context, caller access.Identity) error {
	var input struct {
		Name *string `json:"name"`
	}
	if err := web.Bind(c, &input); err != nil {
		return err
	}
	if input.Name == nil {
		return h.Profile(c, caller)
	}
	name, faults := user.CheckName(*input.Name)
	if err := problem.Faults(faults...); err != nil {
		return err
	}
	if err := h.Passwords.Users.Rename(c.Request().Context(), caller.UserID, name); err != nil {
		return err
	}
	return h.Profile(c, caller)
}

// ChangePassword answers POST /api/user/password.
func (h Handlers) ChangePassword(c echo.Context, caller access.Identity) error {
	var input struct {
		CurrentPassword string `json:"currentPassword"`
		NewPassword     string `json:"newPassword"`
	}
	if err := web.Bind(c, &input); err != nil {
		return err
	}
	if err := h.Passwords.Change(c.Request().Context(), caller, input.CurrentPassword, input.NewPassword, web.ClientOf(c)); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// sessionItem is one signed-in browser or program, as its person sees it.
type sessionItem struct {
	ID         string    `json:"id"`
	Current    bool      `json:"current"`
	CreatedAt  time.Time `json:"createdAt"`
	LastSeenAt time.Time `json:"lastSeenAt"`
	IP         string    `json:"ip"`
	UserAgent  string    `json:"userAgent"`
}

// ListSessions answers GET /api/user/sessions, a page at a time.
func (h Handlers) ListSessions(c echo.Context, caller access.Identity) error {
	query, err := web.BindQuery(c, "after")
	if err != nil {
		return err
	}
	sessions, next, err := h.Sessions.List(c.Request().Context(), caller, query["after"])
	if err != nil {
		return err
	}
	answer := struct {
		Sessions []sessionItem `json:"sessions"`
		Next     string        `json:"next,omitempty"`
	}{Sessions: []sessionItem{}, Next: next}
	for _, s := range sessions {
		answer.Sessions = append(answer.Sessions, sessionItem{
			ID: s.ID, Current: s.ID == caller.SessionID, CreatedAt: s.CreatedAt, LastSeenAt: s.LastSeenAt.UTC(),
			IP: s.IP, UserAgent: s.UserAgent,
		})
	}
	return c.JSON(http.StatusOK, answer)
}

// mostEvents is how many successes and how many failures a person sees.
const mostEvents = 20

// event is a line of the audit log, as its person sees it.
type event struct {
	ID        string    `json:"id"`
	At        time.Time `json:"at"`
	Event     string    `json:"event"`
	Outcome   string    `json:"outcome"`
	IP        string    `json:"ip"`
	UserAgent string    `json:"userAgent"`
	Alert     bool      `json:"alert"`
}

// Events answers GET /api/user/events.
func (h Handlers) Events(c echo.Context, caller access.Identity) error {
	lines, err := h.Store.Read().EventsOf(c.Request().Context(), caller.UserID, mostEvents)
	if err != nil {
		return err
	}
	answer := struct {
		Events []event `json:"events"`
	}{Events: []event{}}
	for _, l := range lines {
		answer.Events = append(answer.Events, event{strconv.FormatInt(l.Seq, 10), l.At, l.Event, l.Outcome, l.IP, l.UserAgent, l.Unseen})
	}
	return c.JSON(http.StatusOK, answer)
}

// SeeEvents answers POST /api/user/events/:id/seen: the person has seen that event
// and all before it.
func (h Handlers) SeeEvents(c echo.Context, caller access.Identity) error {
	seq, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		return problem.ErrNotFound
	}
	ctx := c.Request().Context()
	err = h.Store.Write(ctx, func(q *store.Queries) error {
		if _, err := user.Current(ctx, q, caller.UserID); err != nil {
			return err
		}
		return q.SeeEvents(ctx, caller.UserID, seq)
	})
	if errors.Is(err, store.ErrNotFound) {
		return problem.ErrNotFound
	}
	if err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// RevokeSession answers DELETE /api/user/sessions/:id.
func (h Handlers) RevokeSession(c echo.Context, caller access.Identity) error {
	id := c.Param("id")
	if err := h.Sessions.Revoke(c.Request().Context(), caller.UserID, id, audit.Person(caller.UserID, web.ClientOf(c))); err != nil {
		return err
	}
	if id == caller.SessionID {
		h.Cookies.Clear(c.Request(), c.Response().Header())
	}
	return c.NoContent(http.StatusNoContent)
}

// RevokeOtherSessions answers DELETE /api/user/sessions.
func (h Handlers) RevokeOtherSessions(c echo.Context, caller access.Identity) error {
	if err := h.Sessions.RevokeOthers(c.Request().Context(), caller, audit.Person(caller.UserID, web.ClientOf(c))); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}
