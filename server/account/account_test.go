package account_test

import (
	"net/http"
	"strings"
	"testing"

	"lychgate/server/servertest"
)

const email = "ada@example.com"

// isSignedOut fails the test unless API and pages refuse the client, for all
// that its cookies hold.
func isSignedOut(t *testing.T, client *servertest.Client) {
	t.Helper()
	client.Get("/api/user/profile").WantsProblem(http.StatusUnauthorized, "unauthenticated")
	client.Get("/dashboard").Wants(http.StatusSeeOther)
	client.Get("/dashboard.txt").Wants(http.StatusUnauthorized)
	client.Post("/api/auth/refresh", "").WantsProblem(http.StatusUnauthorized, "session_ended")
}

func isSignedIn(t *testing.T, client *servertest.Client) {
	t.Helper()
	client.Get("/api/user/profile").Wants(http.StatusOK)
	client.Get("/dashboard").Wants(http.StatusOK)
}

func TestProfile(t *testing.T) {
	s := servertest.Start(t)
	client := s.Client()
	client.Get("/api/user/profile").WantsProblem(http.StatusUnauthorized, "unauthenticated")
	client.Register(email)
	profile := client.Get("/api/user/profile").Wants(http.StatusOK)
	if profile.Text("email") != email || profile.Text("name") != "" || profile.Text("id") == "" || profile.Text("createdAt") == "" {
		t.Errorf("profile: %s", profile.Body)
	}
	if strings.Contains(profile.Body, "assword") {
		t.Errorf("the profile speaks of the password: %s", profile.Body)
	}
}

func TestUpdateProfile(t *testing.T) {
	client := servertest.Start(t).Client()
	client.Register(email)
	for _, test := range []struct {
		name, body string
		status     int
		code       string // of the fault
		wantName   string // afterwards
	}{
		{"a name", `{"name":"Ada Lovelace"}`, 200, "", "Ada Lovelace"},
		{"nothing", `{}`, 200, "", "Ada Lovelace"},
		{"spaces around it", `{"name":" \t Ada\u00a0\u2003"}`, 200, "", "Ada"},
		{"other scripts", `{"name":"Ἀδα 李 عدا 👩‍💻"}`, 200, "", "Ἀδα 李 عدا 👩‍💻"},
		{"100 characters", `{"name":"` + strings.Repeat("ä", 100) + `"}`, 200, "", strings.Repeat("ä", 100)},
		{"101 characters", `{"name":"` + strings.Repeat("ä", 101) + `"}`, 422, "too_long", strings.Repeat("ä", 100)},
		{"markup", `{"name":"<script>alert(1)</script>"}`, 200, "", "<script>alert(1)</script>"},
		{"none", `{"name":""}`, 200, "", ""},
		{"spaces alone", `{"name":"   "}`, 200, "", ""},
		{"a line break", `{"name":"Ada\nLovelace"}`, 422, "invalid_character", ""},
		{"a NUL", `{"name":"Ada\u0000"}`, 422, "invalid_character", ""},
		{"an escape sequence", `{"name":"\u001b[2JAda"}`, 422, "invalid_character", ""},
		{"a C1 control", `{"name":"Ada\u0085x"}`, 422, "invalid_character", ""},
		{"unseen characters around it", `{"name":"\ufeff\u200e\u3164 Ada\u200b\u2060\u202c"}`, 200, "", "Ada"},
		{"emoji of several characters", `{"name":"❤️‍🔥 🏴󠁧󠁢󠁥󠁮󠁧󠁿 ❤️"}`, 200, "", "❤️‍🔥 🏴󠁧󠁢󠁥󠁮󠁧󠁿 ❤️"},
		{"a Persian name with a non-joiner", `{"name":"می\u200cخواهم"}`, 200, "", "می\u200cخواهم"},
		{"a Japanese name", `{"name":"山田\u3000太郎"}`, 200, "", "山田\u3000太郎"},
		{"none again", `{"name":""}`, 200, "", ""},
		{"a Hangul filler alone", `{"name":"\u3164"}`, 422, "invalid_character", ""},
		{"a half-width one", `{"name":"\uffa0\uffa0"}`, 422, "invalid_character", ""},
		{"fillers of syllables", `{"name":"\u115f\u1160"}`, 422, "invalid_character", ""},
		{"an empty braille cell", `{"name":"\u2800"}`, 422, "invalid_character", ""},
		{"zero-width spaces", `{"name":"\u200b\u200b"}`, 422, "invalid_character", ""},
		{"a joiner alone", `{"name":" \u200d "}`, 422, "invalid_character", ""},
		{"a variation selector alone", `{"name":"\ufe0f"}`, 422, "invalid_character", ""},
		{"tags alone", `{"name":"\udb40\udc61\udb40\udc62"}`, 422, "invalid_character", ""},
		{"a space that no key types", `{"name":"\u00a0"}`, 422, "invalid_character", ""},
		{"an override of the direction", `{"name":"Ada \u202egnik"}`, 422, "invalid_character", ""},
		{"an isolate", `{"name":"\u2067Ada\u2069 King"}`, 422, "invalid_character", ""},
		{"a mark of direction in it", `{"name":"Ada\u200fKing"}`, 422, "invalid_character", ""},
		{"a filler in it", `{"name":"Ada\u3164King"}`, 422, "invalid_character", ""},
		{"a soft hyphen in it", `{"name":"Ada\u00adKing"}`, 422, "invalid_character", ""},
		{"two joiners in it", `{"name":"Ada\u200d\u200dKing"}`, 422, "invalid_character", ""},
		{"tags without a flag", `{"name":"Ada\udb40\udc61King"}`, 422, "invalid_character", ""},
		{"a separator of lines", `{"name":"Ada\u2028King"}`, 422, "invalid_character", ""},
		{"null", `{"name":null}`, 422, "wrong_type", ""},
		{"a number", `{"name":7}`, 422, "wrong_type", ""},
		{"the e-mail address, which cannot be changed here", `{"email":"bob@example.com"}`, 422, "unknown_field", ""},
		{"an id", `{"id":"x","name":"Ada"}`, 422, "unknown_field", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			answer := client.Do(http.MethodPatch, "/api/user/profile", test.body).Wants(test.status)
			if test.code != "" {
				if faults := answer.WantsProblem(test.status, "validation_failed"); len(faults) != 1 || faults[0].Code != test.code {
					t.Errorf("faults %+v, want %s", faults, test.code)
				}
			} else if answer.Text("name") != test.wantName {
				t.Errorf("the answer says %q, want %q", answer.Text("name"), test.wantName)
			}
			profile := client.Get("/api/user/profile").Wants(http.StatusOK)
			if profile.Text("name") != test.wantName || profile.Text("email") != email {
				t.Errorf("afterwards: %s", profile.Body)
			}
		})
	}
	client.Do(http.MethodPatch, "/api/user/profile", "").WantsProblem(http.StatusBadRequest, "invalid_request")
}

func TestAccountsThatAreGone(t *testing.T) {
	for name, statement := range map[string]string{
		"disabled": `UPDATE users SET disabled_at = 1`,
		"deleted":  `DELETE FROM users`,
	} {
		t.Run(name, func(t *testing.T) {
			s := servertest.Start(t)
			client, tab := s.Client(), s.Client()
			client.Register(email)
			tab.Login(email)
			s.Alter(statement)
			client.Post("/api/auth/refresh", "").WantsProblem(http.StatusUnauthorized, "session_ended")
			s.Client().Post("/api/auth/login", servertest.Object("email", email, "password", servertest.Password)).
				WantsProblem(http.StatusUnauthorized, "invalid_credentials")
			tab.SetCookie("accessToken", "") // or once it has expired
			isSignedOut(t, tab)
			tab.Get("/api/auth/session").Wants(http.StatusOK)
		})
	}
	for name, test := range map[string]struct{ statement, reason string }{
		"disabled while an access token lives": {`UPDATE users SET disabled_at = 1`, "account_disabled"},
		"deleted while an access token lives":  {`DELETE FROM users`, "session_ended"},
	} {
		t.Run(name, func(t *testing.T) {
			s := servertest.Start(t)
			client := s.Client()
			client.Register(email)
			client.Get("/api/user/profile").Wants(http.StatusOK)
			const changed = `INSERT INTO changes (kind, id, at) SELECT 'subject', id, created_at FROM users; `
			s.Alter(`BEGIN; ` + changed + test.statement + `; COMMIT`)
			servertest.Eventually(t, "the change has come through", func() bool {
				return client.Get("/api/user/profile").StatusCode != http.StatusOK
			})
			client.Get("/api/user/profile").WantsProblem(http.StatusUnauthorized, "unauthenticated")
			client.Do(http.MethodPatch, "/api/user/profile", `{"name":"Ada"}`).WantsProblem(http.StatusUnauthorized, "unauthenticated")
			client.Post("/api/user/password", servertest.Object("currentPassword", servertest.Password, "newPassword", "another horse battery")).
				WantsProblem(http.StatusUnauthorized, "unauthenticated")
			if body := client.Get("/api/auth/session").Wants(http.StatusOK).Body; body != `{"authenticated":false,"reason":"`+test.reason+`"}`+"\n" {
				t.Errorf("session: %s", body)
			}
			s.Alter(`BEGIN; ` + changed + `UPDATE users SET disabled_at = NULL; COMMIT`)
			if name == "disabled while an access token lives" {
				servertest.Eventually(t, "the account can be used again", func() bool {
					return client.Get("/api/user/profile").StatusCode == http.StatusOK
				})
			}
			if name == "disabled while an access token lives" && client.Get("/api/user/profile").Wants(http.StatusOK).Text("name") != "" {
				t.Error("what was refused was stored all the same")
			}
		})
	}
}

// Without a signed-in person nothing here answers.
func TestAllOfThisIsForSignedInPeople(t *testing.T) {
	client := servertest.Start(t).Client()
	for _, request := range []struct{ method, path, body string }{
		{http.MethodGet, "/api/user/profile", ""},
		{http.MethodPatch, "/api/user/profile", `{"name":"Ada"}`},
		{http.MethodPost, "/api/user/password", `{"currentPassword":"x","newPassword":"y"}`},
		{http.MethodGet, "/api/user/sessions", ""},
		{http.MethodDelete, "/api/user/sessions", ""},
		{http.MethodDelete, "/api/user/sessions/x", ""},
		{http.MethodPatch, "/api/user/profile", `not JSON`},
	} {
		answer := client.Do(request.method, request.path, request.body)
		answer.WantsProblem(http.StatusUnauthorized, "unauthenticated")
		if answer.Header.Get("WWW-Authenticate") != "Bearer" {
			t.Errorf("%s %s: WWW-Authenticate %q", request.method, request.path, answer.Header.Get("WWW-Authenticate"))
		}
	}
}
