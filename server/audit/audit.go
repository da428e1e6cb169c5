// Package audit owns the audit log of accounts: its events, its actors, the line
// written with each change, and how long lines are kept. It leans on store, which
// keeps the lines. Every change of an account is recorded through it.
package audit

import (
	"cmp"
	"context"
	"strings"
	"time"

	"lychgate/server/store"
)

// Event is what was done. The contract and the pages have the same list.
type Event string

// The events. Those about an account are shown to its person.
const (
	Register         Event = "register"
	Login            Event = "login"
	Logout           Event = "logout"
	Replaced         Event = "replaced"      // a session, by a new sign-in in its place
	SessionLimit     Event = "session_limit" // sessions past the most that an account may have
	RefreshReplay    Event = store.EventReplay
	SessionEnd       Event = "session_end"
	SessionsEnded    Event = "sessions_ended"
	OtherSessionsEnd Event = "other_sessions_end"
	PasswordChange   Event = "password_change"
	PasswordSet      Event = "password_set"
	UserCreated      Event = "user_created"
	UserImported     Event = "user_imported"
	UserDisabled     Event = "user_disabled"
	UserEnabled      Event = "user_enabled"
	UserDeleted      Event = "user_deleted"
	UserRole         Event = "user_role"
	PlanGranted      Event = "plan_granted"
	PlanRevoked      Event = "plan_revoked"
	KeyRotated       Event = "key_rotated"
	ClockSetBack     Event = "clock_set_back"
	DatabaseRestored Event = "database_restored"
)

// Events returns every event, in the order of the contract.
func Events() []Event {
	return []Event{
		Register, Login, Logout, Replaced, SessionLimit, RefreshReplay, SessionEnd, SessionsEnded, OtherSessionsEnd,
		PasswordChange, PasswordSet, UserCreated, UserImported, UserDisabled, UserEnabled, UserDeleted, UserRole,
		PlanGranted, PlanRevoked, KeyRotated, ClockSetBack, DatabaseRestored,
	}
}

// The outcomes of an event.
const (
	Success = "success"
	Failure = "failure"
)

// Client is where a request came from.
type Client struct {
	IP        string
	UserAgent string
}

// Actor is who did something: the id of an account, or one of the constants.
type Actor string

const (
	// Nobody is the actor of an attempt that did not prove who made it.
	Nobody Actor = ""
	// Operator is whoever runs the installation, acting on its command line.
	Operator Actor = "operator"
	// Server is the program itself.
	Server Actor = "server"
)

// By is who did something, and from where.
type By struct {
	Actor  Actor
	Client Client
}

// Person is somebody who acts on their own account.
func Person(userID string, client Client) By { return By{Actor: Actor(userID), Client: client} }

// CommandLine is an operator.
func CommandLine() By {
	return By{Actor: Operator, Client: Client{UserAgent: "lychgate command line"}}
}

// Line is one event. An empty Outcome is a success.
type Line struct {
	Event     Event
	Outcome   string
	UserID    string // whom it is about; empty where no account is known
	SessionID string // empty where it is about none, or about several
	By        By
}

// longestUnknownAgent is how much of the user agent is kept, in bytes, of somebody
// who tried an account that does not exist.
const longestUnknownAgent = 128

// Write adds a line to the log, in the transaction of the change that it records.
// It writes nothing about an account that has been deleted since it was read.
func Write(ctx context.Context, q *store.Queries, at time.Time, line Line) error {
	client := line.By.Client
	if line.UserID == "" && len(client.UserAgent) > longestUnknownAgent {
		client.UserAgent = strings.ToValidUTF8(client.UserAgent[:longestUnknownAgent], "")
	}
	stored := store.AuditLine{
		At: at, Event: string(line.Event), Outcome: cmp.Or(line.Outcome, Success), UserID: line.UserID, SessionID: line.SessionID,
		Actor: string(line.By.Actor), IP: client.IP, UserAgent: client.UserAgent,
	}
	if line.UserID == "" || line.Event == UserDeleted {
		return q.Audit(ctx, stored)
	}
	return q.AuditAccount(ctx, stored)
}
