package auth_test

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"lychgate/server"
	"lychgate/server/audit"
	"lychgate/server/servertest"
	"lychgate/server/store"
)

const (
	ada      = "ada@example.com"
	wrong    = "not the password"
	renewed  = "another horse battery"
	loginURL = "/api/auth/login"
)

// credentials is the body of a sign-in.
func credentials(email, password string) string {
	return servertest.Object("email", email, "password", password)
}

func passwordChange(current string) string {
	return servertest.Object("currentPassword", current, "newPassword", renewed)
}

// cookiesOf returns the Cookie header of a client.
func cookiesOf(c *servertest.Client) string {
	return "accessToken=" + c.Cookie("accessToken") + "; refreshToken=" + c.Cookie("refreshToken")
}

// send sends a request over a connection of its own, which it returns, and does
// not wait for the answer.
func send(t *testing.T, s *servertest.Server, method, path, body string, headers ...string) net.Conn {
	t.Helper()
	_, host, _ := strings.Cut(s.URL, "://")
	connection, err := new(net.Dialer).DialContext(t.Context(), "tcp", host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { connection.Close() })
	lines := []string{method + " " + path + " HTTP/1.1", "Host: " + host}
	if body != "" {
		lines = append(lines, "Content-Type: application/json", fmt.Sprintf("Content-Length: %d", len(body)))
	}
	for i := 0; i < len(headers); i += 2 {
		lines = append(lines, headers[i]+": "+headers[i+1])
	}
	if _, err := connection.Write([]byte(strings.Join(lines, "\r\n") + "\r\n\r\n" + body)); err != nil {
		t.Fatal(err)
	}
	return connection
}

// hangUp closes connections, and returns when the server has seen it.
func hangUp(s *servertest.Server, connections ...net.Conn) {
	for _, connection := range connections {
		connection.Close()
	}
	// The end of a connection is noticed by a goroutine of its own, which has had
	// many turns by the time that others were answered.
	other := s.Client()
	for range 20 {
		other.Get("/healthz").Wants(http.StatusOK)
	}
}

// wait waits for a hash to begin.
func wait(t *testing.T, begun <-chan struct{}) {
	t.Helper()
	select {
	case <-begun:
	case <-time.After(servertest.Patience):
		t.Fatal("nothing is hashed")
	}
}

// inBackground sends a request, and returns its answer when it is called.
func inBackground(t *testing.T, client *servertest.Client, method, path, body string) func() servertest.Answer {
	t.Helper()
	var (
		answer servertest.Answer
		err    error
		all    sync.WaitGroup
	)
	all.Go(func() { answer, err = client.Try(method, path, body) })
	return func() servertest.Answer {
		t.Helper()
		all.Wait()
		if err != nil {
			t.Fatal(err)
		}
		return answer
	}
}

// elsewhere runs work as another process does, such as a command.
func elsewhere(t *testing.T, s *servertest.Server, work func(*server.Accounts) error) {
	t.Helper()
	accounts, err := server.OpenAccounts(t.Context(), s.Config, server.Environment{Now: s.Clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer accounts.Store.Close()
	if err := work(accounts); err != nil {
		t.Fatal(err)
	}
}

// account returns the account that the tests are about.
func account(t *testing.T, s *servertest.Server) (user store.User) {
	t.Helper()
	elsewhere(t, s, func(accounts *server.Accounts) (err error) {
		user, err = accounts.Passwords.Users.ByEmail(t.Context(), ada)
		return err
	})
	return user
}

// recorded waits until an event with its outcome is the last one of a person.
func recorded(t *testing.T, s *servertest.Server, userID, want string) {
	t.Helper()
	servertest.Eventually(t, want+" is recorded", func() bool {
		list := events(auditOf(t, s, userID))
		return len(list) > 0 && list[len(list)-1] == want
	})
}

// From the verdict on a wrong password counts, and is written down, whether
// anybody waits for the answer or not.
func TestAWrongPasswordIsRecordedWithoutItsClient(t *testing.T) {
	for name, path := range map[string]string{"login failure": loginURL, "password_change failure": "/api/user/password"} {
		t.Run(name, func(t *testing.T) {
			s := limited(t, 1)
			client := s.Client()
			client.Header.Set("X-Forwarded-For", "192.0.2.1")
			client.Register(ada)
			id := account(t, s).ID
			body := credentials(ada, wrong)
			if path != loginURL {
				body = passwordChange(wrong)
			}
			begun, release := s.HoldHashes()
			connection := send(t, s, http.MethodPost, path, body, "Cookie", cookiesOf(client), "X-Forwarded-For", "192.0.2.1")
			wait(t, begun)
			hangUp(s, connection)
			release()
			recorded(t, s, id, name)
			guess(s, ada, wrong, "192.0.2.1").WantsProblem(http.StatusTooManyRequests, "rate_limited")
		})
	}
}

// What a right password was given for is carried out.
func TestARightPasswordIsCarriedOutWithoutItsClient(t *testing.T) {
	s := servertest.Start(t)
	client, other := s.Client(), s.Client()
	client.Register(ada)
	other.Login(ada)
	id := account(t, s).ID

	begun, release := s.HoldHashes()
	connection := send(t, s, http.MethodPost, loginURL, credentials(ada, servertest.Password))
	wait(t, begun)
	hangUp(s, connection)
	release()
	servertest.Eventually(t, "a session has begun", func() bool { return len(sessionsOf(client)) == 3 })
	recorded(t, s, id, "login success")

	begun, release = s.HoldHashes()
	connection = send(t, s, http.MethodPost, "/api/user/password", passwordChange(servertest.Password), "Cookie", cookiesOf(client))
	wait(t, begun)
	hangUp(s, connection)
	release()
	recorded(t, s, id, "password_change success")
	servertest.Eventually(t, "the other sessions are revoked", func() bool {
		return other.Get("/api/user/profile").StatusCode == http.StatusUnauthorized
	})
	s.Client().Post(loginURL, credentials(ada, renewed)).Wants(http.StatusOK)

	begun, release = s.HoldHashes()
	connection = send(t, s, http.MethodPost, "/api/auth/register", credentials("bob@example.com", servertest.Password), "Cookie", cookiesOf(client))
	wait(t, begun)
	hangUp(s, connection)
	release()
	servertest.Eventually(t, "the account is made, and the session that it replaces revoked", func() bool {
		return client.Get("/api/user/profile").StatusCode == http.StatusUnauthorized
	})
	s.Client().Login("bob@example.com")
}

// request is what a client sends before it hangs up.
type request struct {
	method, path, body string
	headers            []string
}

// Whatever revokes a session does so when its client has hung up, also while it
// waits for the database.
func TestRevocationsWithoutTheirClient(t *testing.T) {
	replayed := func(s *servertest.Server, victim *servertest.Client) *servertest.Client {
		thief := victim.Copy(s)
		thief.SetCookie("accessToken", "")
		for range 2 {
			victim.Post("/api/auth/refresh", "").Wants(http.StatusOK)
		}
		return thief
	}
	cookies := func(c *servertest.Client) []string { return []string{"Cookie", cookiesOf(c)} }
	for _, test := range []struct {
		name, event string
		prepare     func(t *testing.T, s *servertest.Server, victim *servertest.Client) request
	}{
		{"sign-out by cookies", "logout success", func(_ *testing.T, _ *servertest.Server, victim *servertest.Client) request {
			return request{http.MethodPost, "/api/auth/logout", "", cookies(victim)}
		}},
		{"sign-out by an expired Bearer token", "logout success", func(_ *testing.T, s *servertest.Server, victim *servertest.Client) request {
			s.Clock.Move(time.Hour)
			return request{http.MethodPost, "/api/auth/logout", "", []string{"Authorization", "Bearer " + victim.Cookie("accessToken")}}
		}},
		{"one session", "session_end success", func(t *testing.T, _ *servertest.Server, victim *servertest.Client) request {
			return request{http.MethodDelete, "/api/user/sessions/" + currentSession(t, victim), "", cookies(victim)}
		}},
		{"one session, with an expired access token", "session_end success", func(t *testing.T, s *servertest.Server, victim *servertest.Client) request {
			id := currentSession(t, victim)
			s.Clock.Move(time.Hour)
			return request{http.MethodDelete, "/api/user/sessions/" + id, "", cookies(victim)}
		}},
		{"all others", "other_sessions_end success", func(_ *testing.T, s *servertest.Server, _ *servertest.Client) request {
			other := s.Client()
			other.Login(ada)
			return request{http.MethodDelete, "/api/user/sessions", "", cookies(other)}
		}},
		{"a sign-in that replaces it", "login success", func(_ *testing.T, _ *servertest.Server, victim *servertest.Client) request {
			return request{http.MethodPost, loginURL, credentials(ada, servertest.Password), cookies(victim)}
		}},
		{"a replay", "refresh_replay failure", func(_ *testing.T, s *servertest.Server, victim *servertest.Client) request {
			return request{http.MethodPost, "/api/auth/refresh", "", cookies(replayed(s, victim))}
		}},
		{"a replay in the body", "refresh_replay failure", func(_ *testing.T, s *servertest.Server, victim *servertest.Client) request {
			return request{http.MethodPost, "/api/auth/refresh", servertest.Object("refreshToken", replayed(s, victim).Cookie("refreshToken")), nil}
		}},
		{"a replay in passing", "refresh_replay failure", func(_ *testing.T, s *servertest.Server, victim *servertest.Client) request {
			return request{http.MethodGet, "/dashboard", "", cookies(replayed(s, victim))}
		}},
		{"a replay in passing, to write", "refresh_replay failure", func(_ *testing.T, s *servertest.Server, victim *servertest.Client) request {
			return request{http.MethodPatch, "/api/user/profile", `{"name":"Ada"}`, cookies(replayed(s, victim))}
		}},
		{"a replay for an asset", "refresh_replay failure", func(_ *testing.T, s *servertest.Server, victim *servertest.Client) request {
			return request{http.MethodGet, servertest.ProtectedAsset, "", cookies(replayed(s, victim))}
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := servertest.Start(t)
			victim := s.Client()
			victim.Register(ada)
			id, session := account(t, s).ID, currentSession(t, victim)
			r := test.prepare(t, s, victim)
			begun, verify := s.HoldHashes()
			release := s.HoldDatabase()
			connection := send(t, s, r.method, r.path, r.body, r.headers...)
			if r.path == loginURL {
				wait(t, begun) // else it could hang up before the verdict
			}
			hangUp(s, connection)
			verify()
			release()
			recorded(t, s, id, test.event)
			elsewhere(t, s, func(accounts *server.Accounts) error {
				found, err := accounts.Store.Read().Session(t.Context(), session)
				if err == nil && !found.Revoked {
					t.Error("the session goes on")
				}
				return err
			})
		})
	}
}

// A refresh whose client has hung up rotates nothing: nobody would have the
// successor.
func TestARefreshWithoutItsClientRotatesNothing(t *testing.T) {
	s := servertest.Start(t)
	client := s.Client()
	client.Register(ada)
	release := s.HoldDatabase()
	hangUp(s, send(t, s, http.MethodPost, "/api/auth/refresh", "", "Cookie", cookiesOf(client)))
	release()
	servertest.Eventually(t, "the refresh is done with", func() bool { return strings.Contains(s.Log.String(), `"path":"/api/auth/refresh"`) })
	s.Clock.Move(time.Minute) // past the grace
	client.Post("/api/auth/refresh", "").Wants(http.StatusOK)
}

// refuseWrites makes the database refuse to write to a table, as it does on a
// full disk.
func refuseWrites(s *servertest.Server, statement string) (again func()) {
	// A table without a number that is left is full to SQLite.
	s.Alter(`CREATE TABLE disk (number INTEGER PRIMARY KEY AUTOINCREMENT); INSERT INTO disk VALUES (9223372036854775807);
		CREATE TRIGGER full BEFORE ` + statement + ` BEGIN INSERT INTO disk VALUES (NULL); END`)
	return func() { s.Alter(`DROP TRIGGER full; DROP TABLE disk`) }
}

// A right password that came to nothing, since the database took nothing, does
// not forgive the failures before: nobody could tell that it was guessed.
func TestARightPasswordThatIsNotRecordedForgivesNothing(t *testing.T) {
	for name, test := range map[string]struct{ statement, path, body string }{
		"sign-in":         {"INSERT ON sessions", loginURL, credentials(ada, servertest.Password)},
		"password change": {"UPDATE ON users", "/api/user/password", passwordChange(servertest.Password)},
	} {
		t.Run(name, func(t *testing.T) {
			s := limited(t, 3)
			client := s.Client()
			client.Header.Set("X-Forwarded-For", "192.0.2.1")
			client.Register(ada)
			for range 2 {
				guess(s, ada, wrong, "192.0.2.1").Wants(http.StatusUnauthorized)
			}
			again := refuseWrites(s, test.statement)
			for range 3 { // nor does it count as a failure
				client.Post(test.path, test.body).WantsProblem(http.StatusServiceUnavailable, "unavailable")
			}
			again()
			guess(s, ada, wrong, "192.0.2.1").Wants(http.StatusUnauthorized)
			guess(s, ada, wrong, "192.0.2.1").WantsProblem(http.StatusTooManyRequests, "rate_limited")
			s.Clock.Move(20 * time.Second)
			client.Post(test.path, test.body)
			guess(s, ada, wrong, "192.0.2.1").Wants(http.StatusUnauthorized)
			guess(s, ada, wrong, "192.0.2.1").Wants(http.StatusUnauthorized)
		})
	}
}

// What a password proved counts no more once the account was disabled or the
// password changed, even a moment before.
func TestASignInRacesAChangeOfTheAccount(t *testing.T) {
	for name, change := range map[string]func(*testing.T, *server.Accounts, store.User) error{
		"disabled": func(t *testing.T, accounts *server.Accounts, user store.User) error {
			return accounts.Passwords.Users.Disable(t.Context(), user.ID, audit.CommandLine())
		},
		"password changed": func(t *testing.T, accounts *server.Accounts, user store.User) error {
			return accounts.Passwords.Set(t.Context(), user, "a third horse battery", audit.CommandLine())
		},
	} {
		for path, body := range map[string]string{loginURL: credentials(ada, servertest.Password), "/api/user/password": passwordChange(servertest.Password)} {
			t.Run(name+" "+path, func(t *testing.T) {
				s := limited(t, 1)
				client := s.Client()
				client.Header.Set("X-Forwarded-For", "192.0.2.1")
				client.Register(ada)
				user := account(t, s)
				begun, release := s.HoldHashes()
				answer := inBackground(t, client, http.MethodPost, path, body)
				wait(t, begun)
				elsewhere(t, s, func(accounts *server.Accounts) error { return change(t, accounts, user) })
				release()
				answer().WantsProblem(http.StatusUnauthorized, "invalid_credentials")
				elsewhere(t, s, func(accounts *server.Accounts) error {
					for session, err := range accounts.Store.Read().SessionsOf(t.Context(), user.ID) {
						if err != nil {
							return err
						}
						t.Errorf("the session %s goes on", session.ID)
					}
					return nil
				})
				want := map[string]string{loginURL: "login failure", "/api/user/password": "password_change failure"}[path]
				recorded(t, s, user.ID, want)
				guess(s, ada, wrong, "192.0.2.1").WantsProblem(http.StatusTooManyRequests, "rate_limited")
			})
		}
	}
}

// traces fails the test where anything is kept of a deleted person but that the
// account was deleted.
func traces(t *testing.T, s *servertest.Server, user store.User) {
	t.Helper()
	for _, line := range auditOf(t, s, user.ID) {
		if line.Event != "user_deleted" {
			t.Errorf("kept: %+v", line)
		}
	}
	elsewhere(t, s, func(accounts *server.Accounts) error {
		attempts, err := accounts.Store.Read().AttemptsAt(t.Context(), s.Clock.Now())
		for _, a := range attempts {
			t.Errorf("kept: attempts of %s", a.Account)
		}
		return err
	})
	if lines := auditOf(t, s, ""); len(lines) > 0 {
		t.Errorf("kept: %+v", lines)
	}
}

// Of a person who was deleted while a password was being checked nothing is
// written any more.
func TestNothingIsKeptOfSomebodyDeletedMeanwhile(t *testing.T) {
	for _, test := range []struct{ name, path, body string }{
		{"a wrong sign-in", loginURL, credentials(ada, wrong)},
		{"a right sign-in", loginURL, credentials(ada, servertest.Password)},
		{"a wrong password change", "/api/user/password", passwordChange(wrong)},
		{"a right password change", "/api/user/password", passwordChange(servertest.Password)},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := limited(t, 10)
			client := s.Client()
			client.Register(ada)
			user := account(t, s)
			begun, release := s.HoldHashes()
			answer := inBackground(t, client, http.MethodPost, test.path, test.body)
			wait(t, begun)
			elsewhere(t, s, func(accounts *server.Accounts) error {
				return accounts.Passwords.Users.Delete(t.Context(), user, audit.CommandLine())
			})
			release()
			answer().WantsProblem(http.StatusUnauthorized, "invalid_credentials")
			traces(t, s, user)
		})
	}
	for _, test := range []struct {
		name, method, path string
		status             int
	}{
		{"a refresh", http.MethodPost, "/api/auth/refresh", http.StatusUnauthorized},
		{"a sign-out", http.MethodPost, "/api/auth/logout", http.StatusNoContent},
		{"the end of a session", http.MethodDelete, "/api/user/sessions/<own>", http.StatusNotFound},
		{"the end of all others", http.MethodDelete, "/api/user/sessions", http.StatusNoContent},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := servertest.Start(t)
			client := s.Client()
			client.Register(ada)
			user := account(t, s)
			path := strings.Replace(test.path, "<own>", currentSession(t, client), 1)
			release := s.HoldDatabase()
			answer := inBackground(t, client, test.method, path, "")
			release(`DELETE FROM audit`, `DELETE FROM users`)
			answer().Wants(test.status)
			traces(t, s, user)
		})
	}
}

// A sign-in that was never decided holds no place.
func TestUndecidedSignInsGiveTheirPlaceBack(t *testing.T) {
	const waiting, more = 64, 6 // so many may wait, and so many are told that too many do
	s := limited(t, 1)
	address := func(i int) string { return fmt.Sprintf("192.0.2.%d", i) }
	email := func(i int) string { return fmt.Sprintf("person%d@example.com", i) }
	refused := func() int { return strings.Count(s.Log.String(), `"path":"/api/auth/login","status":503`) }

	begun, release := s.HoldHashes()
	first := inBackground(t, s.Client(), http.MethodPost, loginURL, credentials("first@example.com", wrong))
	wait(t, begun)
	var connections []net.Conn
	for i := range waiting + more {
		connections = append(connections, send(t, s, http.MethodPost, loginURL, credentials(email(i), wrong), "X-Forwarded-For", address(i)))
	}
	servertest.Eventually(t, "as many wait as may", func() bool { return refused() == more })
	hangUp(s, connections...)
	servertest.Eventually(t, "they have gone", func() bool { return refused() == waiting+more })
	release()
	first().Wants(http.StatusUnauthorized)
	for i := range waiting + more {
		guess(s, email(i), wrong, address(i)).Wants(http.StatusUnauthorized)
		guess(s, email(i), wrong, address(i)).Wants(http.StatusTooManyRequests)
	}
}
