package auth_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"lychgate/server"
	"lychgate/server/auth"
	"lychgate/server/config"
	"lychgate/server/origin"
	"lychgate/server/servertest"
	"lychgate/server/session"
	"lychgate/server/store"
	"lychgate/server/user"
	"lychgate/server/web"
)

// signInDoor answers sign-in and sign-up, with a second step where due says so.
func signInDoor(t *testing.T, now func() time.Time, due *bool) (http.Handler, *server.Accounts) {
	t.Helper()
	settings := config.Default()
	settings.DataDir = t.TempDir()
	settings.BcryptCost = 4
	settings.LoginAttempts = config.Rate{Attempts: 2, Per: time.Hour}
	env := server.Environment{Now: now, Log: slog.New(slog.DiscardHandler)}
	accounts, err := server.OpenAccounts(t.Context(), settings, env)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { accounts.Store.Close() })
	o := origin.New("http", "localhost", "8080")
	sessions := accounts.Sessions(settings, o, env)
	sessions.SecondStep = func(context.Context, *store.Queries, session.Proof) (*session.Challenge, error) {
		if !*due {
			return nil, nil //nolint:nilnil // nothing more has to be proven
		}
		return &session.Challenge{Methods: []string{"otp", "hwk"}}, nil
	}
	handlers := auth.Handlers{
		Service:  &auth.Service{Store: accounts.Store, Sessions: sessions, Passwords: accounts.Passwords},
		Sessions: sessions, Subjects: user.NewSubjects(accounts.Store), Cookies: web.NewCookies(o, false),
	}
	e := echo.New()
	e.HTTPErrorHandler = web.ErrorHandler(env.Log)
	e.Pre(web.Steps(time.Minute))
	for path, handler := range map[string]echo.HandlerFunc{"/login": handlers.Login, "/register": handlers.Register} {
		e.POST(path, func(c echo.Context) error {
			if err := web.JSON.Read(c); err != nil {
				return err
			}
			return handler(c)
		})
	}
	return e, accounts
}

// Where a second step is required, a right password starts nothing and leaves nothing
// behind: no session, no account, no cookie, no forgiveness.
func TestASecondStepStandsBeforeTheSession(t *testing.T) {
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	due := false
	door, accounts := signInDoor(t, func() time.Time { return now }, &due)
	var jar []*http.Cookie
	post := func(path, email, password string) *httptest.ResponseRecorder {
		t.Helper()
		r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(credentials(email, password)))
		r.Header.Set("Content-Type", "application/json")
		for _, cookie := range jar {
			r.AddCookie(cookie)
		}
		w := httptest.NewRecorder()
		door.ServeHTTP(w, r)
		return w
	}
	sessions := func(email string) (list []store.Session) {
		t.Helper()
		account, err := accounts.Store.Read().UserByEmail(t.Context(), email)
		if err != nil {
			t.Fatal(err)
		}
		for s, err := range accounts.Store.Read().SessionsOf(t.Context(), account.ID) {
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, s)
		}
		return list
	}
	audited := func() (list []string) {
		for line, err := range accounts.Store.Read().AuditSince(t.Context(), time.Time{}) {
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, line.Event+" "+line.Outcome)
		}
		return list
	}
	challenged := func(w *httptest.ResponseRecorder) {
		t.Helper()
		var problem struct {
			Code    string
			Status  int
			Methods []string
		}
		if err := json.Unmarshal(w.Body.Bytes(), &problem); err != nil {
			t.Fatal(err)
		}
		if w.Code != 401 || problem.Status != 401 || problem.Code != "second_step_required" || !slices.Equal(problem.Methods, []string{"otp", "hwk"}) {
			t.Errorf("status %d, %s", w.Code, w.Body)
		}
		if w.Header().Get("Set-Cookie") != "" || strings.Contains(w.Body.String(), "oken") || w.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("headers %v, %s", w.Header(), w.Body)
		}
	}

	registered := post("/register", ada, servertest.Password)
	if registered.Code != 201 {
		t.Fatalf("status %d, %s", registered.Code, registered.Body)
	}
	jar = registered.Result().Cookies()
	first := sessions(ada)
	if len(first) != 1 || !first[0].ProvedAt.Equal(now) || first[0].Methods != "pwd" {
		t.Fatalf("the session is stored as %+v", first)
	}

	due = true
	now = now.Add(time.Second)
	before := audited()
	challenged(post("/login", ada, servertest.Password))
	if list := sessions(ada); len(list) != 1 || list[0].Revoked {
		t.Errorf("sessions %+v, want the one from before", list)
	}
	challenged(post("/register", "bob@example.com", servertest.Password))
	if _, err := accounts.Store.Read().UserByEmail(t.Context(), "bob@example.com"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("an account is left behind: %v", err)
	}
	if after := audited(); !slices.Equal(after, before) {
		t.Errorf("the audit log has %v, want %v", after, before)
	}

	// Two failures are allowed, whatever right passwords stand between them.
	for i, want := range []int{401, 401, 401, 429} {
		password := wrong
		if i == 1 {
			password = servertest.Password
		}
		if w := post("/login", ada, password); w.Code != want || w.Code == 401 && (i == 1) != strings.Contains(w.Body.String(), "second_step_required") {
			t.Errorf("attempt %d: status %d, want %d, %s", i, w.Code, want, w.Body)
		}
	}
}

// A cookie that several sign-ins bring along at once is of one session, which is
// replaced once; and however many start at once, no account has more sessions
// than its limit.
func TestStartsAtOnce(t *testing.T) {
	t.Parallel()
	const limit, starts = 3, 10
	s := servertest.Start(t, func(c *config.Config) { c.SessionLimit = limit })
	client := s.Client()
	client.Register(ada)
	old := currentSession(t, client)
	id := account(t, s).ID
	var started sync.WaitGroup
	for range starts {
		tab := client.Copy(s)
		started.Go(func() {
			if answer, err := tab.Try(http.MethodPost, loginURL, credentials(ada, servertest.Password)); err != nil || answer.StatusCode != 200 {
				t.Errorf("status %d, %v", answer.StatusCode, err)
			}
		})
	}
	started.Wait()
	replaced, revoked := 0, map[string]int{}
	for _, line := range auditOf(t, s, id) {
		switch line.Event {
		case "replaced":
			replaced++
			revoked[line.SessionID]++
		case "session_limit":
			revoked[line.SessionID]++
		}
	}
	if replaced != 1 || revoked[old] != 1 || len(revoked) != 1+starts-limit {
		t.Errorf("replaced %d, revoked %v; want the first one replaced once, and %d past the limit", replaced, revoked, starts-limit)
	}
	if live := number(t, s, "SELECT COUNT(*) FROM sessions WHERE ended_at IS NULL"); live != limit {
		t.Errorf("%d sessions live, want %d", live, limit)
	}
	if told := number(t, s, "SELECT COUNT(*) FROM changes WHERE kind = 'session'"); told != 1+starts-limit {
		t.Errorf("the feed has %d revocations, want %d", told, 1+starts-limit)
	}
}

// Whatever is done to an account carries who did it.
func TestActors(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	client, other := s.Client(), s.Client()
	client.Register(ada)
	id := account(t, s).ID
	guess(s, ada, wrong, "192.0.2.1").Wants(401)
	other.Login(ada)
	ended := currentSession(t, other)
	client.Do(http.MethodDelete, "/api/user/sessions/"+ended, "").Wants(204)
	client.Post("/api/user/password", passwordChange(wrong)).Wants(401)
	client.Post("/api/user/password", passwordChange(servertest.Password)).Wants(204)
	client.Do(http.MethodDelete, "/api/user/sessions", "").Wants(204)
	client.Post("/api/auth/logout", "").Wants(204)
	var got []string
	for _, line := range auditOf(t, s, id) {
		got = append(got, strings.ReplaceAll(line.Event+" "+line.Outcome+" by "+line.Actor, id, "ada"))
	}
	want := []string{
		"register success by ada", "login failure by ", "login success by ada", "session_end success by ada",
		"password_change failure by ", "password_change success by ada", "other_sessions_end success by ada", "logout success by ada",
	}
	if !slices.Equal(got, want) {
		t.Errorf("the log says\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	step(s, -time.Hour, false)
	if lines := number(t, s, "SELECT COUNT(*) FROM audit WHERE event = 'clock_set_back' AND actor = 'server' AND user_id = ''"); lines != 1 {
		t.Errorf("%d lines say that the server took the step of the clock out", lines)
	}
}
