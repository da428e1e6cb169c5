package auth_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"lychgate/server/config"
	"lychgate/server/servertest"
)

func TestRegisterSignsIn(t *testing.T) {
	client := servertest.Start(t).Client()
	answer := client.Post("/api/auth/register", `{"email":"Ada@Example.com","password":"correct horse battery","name":" Ada "}`).Wants(http.StatusCreated)
	var body struct {
		User struct {
			ID, Email, Name string
			CreatedAt       time.Time
		}
		AccessToken string
		ExpiresIn   int
	}
	answer.Decode(&body)
	if body.User.Email != "ada@example.com" || body.User.Name != "Ada" || body.User.ID == "" || body.ExpiresIn != 900 {
		t.Errorf("body: %s", answer.Body)
	}
	if body.AccessToken != client.Cookie("accessToken") || client.Cookie("refreshToken") == "" {
		t.Error("the cookies do not hold the tokens")
	}
	if strings.Contains(answer.Body, client.Cookie("refreshToken")) {
		t.Error("the refresh token is in the body, where scripts can read it")
	}
	profile := client.Get("/api/user/profile").Wants(http.StatusOK)
	if profile.Text("id") != body.User.ID || profile.Text("createdAt") != body.User.CreatedAt.Format(time.RFC3339Nano) {
		t.Errorf("profile: %s", profile.Body)
	}
}

func TestRegisterRefuses(t *testing.T) {
	server := servertest.Start(t)
	server.Client().Register("taken@example.com")
	for _, test := range []struct {
		name, email, password, person string
		status                        int
		field, code                   string
	}{
		{"a taken address", "taken@example.com", servertest.Password, "", 409, "", "email_taken"},
		{"a taken address in capitals", " TAKEN@EXAMPLE.COM ", servertest.Password, "", 409, "", "email_taken"},
		{"a taken address in full-width letters", "ｔaken@example.com", servertest.Password, "", 409, "", "email_taken"},
		{"no address", "", servertest.Password, "", 422, "email", "required"},
		{"no @", "ada.example.com", servertest.Password, "", 422, "email", "invalid_email"},
		{"two @", "ada@example.com@evil.example", servertest.Password, "", 422, "email", "invalid_email"},
		{"a second @ after folding", "ada＠example.com@evil.example", servertest.Password, "", 422, "email", "invalid_email"},
		{"a quoted local part", `"ada"@example.com`, servertest.Password, "", 422, "email", "invalid_email"},
		{"a comment", "ada(x)@example.com", servertest.Password, "", 422, "email", "invalid_email"},
		{"an address literal", "ada@[127.0.0.1]", servertest.Password, "", 422, "email", "invalid_email"},
		{"a numeric host", "ada@127.0.0.1", servertest.Password, "", 422, "email", "invalid_email"},
		{"a capital whose small letter is ASCII", "İda@example.com", servertest.Password, "", 422, "email", "invalid_email"},
		{"a line break", "ada\n@example.com", servertest.Password, "", 422, "email", "invalid_email"},
		{"an angle bracket", "ada<b@example.com", servertest.Password, "", 422, "email", "invalid_email"},
		{"a soft hyphen in the address", "ada@exam\u00adple.com", servertest.Password, "", 422, "email", "invalid_character"},
		{"a zero-width space in the address", "ada\u200b.king@example.com", servertest.Password, "", 422, "email", "invalid_character"},
		{"a joiner in the address", "ada\u200d@example.com", servertest.Password, "", 422, "email", "invalid_character"},
		{"a mark of direction in the address", "ada@\u200eexample.com", servertest.Password, "", 422, "email", "invalid_character"},
		{"a space of another width in the address", "ada@\u00a0example.com", servertest.Password, "", 422, "email", "invalid_character"},
		{"a space in the address", "ada @example.com", servertest.Password, "", 422, "email", "invalid_email"},
		{"nothing but what cannot be seen", "\u200b\ufeff \u2060", servertest.Password, "", 422, "email", "required"},
		{"a taken address with unseen characters around it", "\ufeff\u202ataken@example.com\u202c\u200b\u00a0", servertest.Password, "", 409, "", "email_taken"},
		{"a long local part", strings.Repeat("a", 65) + "@example.com", servertest.Password, "", 422, "email", "too_long"},
		{"a long domain", "a@" + strings.Repeat("abcdefgh.", 31) + "com", servertest.Password, "", 422, "email", "too_long"},
		{"seven characters", "b@example.com", "äöüßäöü", "", 422, "password", "too_short"},
		{"257 characters", "b@example.com", strings.Repeat("äöü", 85) + "ßß", "", 422, "password", "too_long"},
		{"a NUL", "b@example.com", "with\x00a nul", "", 422, "password", "invalid_character"},
		{"a common password", "b@example.com", "Password1", "", 422, "password", "too_common"},
		{"one character", "b@example.com", "aaaaaaaa", "", 422, "password", "too_common"},
		{"two characters", "b@example.com", "xyyxyXxyxyYx", "", 422, "password", "too_common"},
		{"a run", "b@example.com", "4567890123", "", 422, "password", "too_common"},
		{"the address", "bertrand.russell@example.com", "Bertrand.Russell@example.com", "", 422, "password", "personal"},
		{"a run of its parts", "bertrand.russell@example.com", "RUSSELL@example", "", 422, "password", "personal"},
		{"the local part", "bertrand.russell@example.com", "Bertrand.Russell", "", 422, "password", "personal"},
		{"the domain", "b@example-site.com", "example-site", "", 422, "password", "personal"},
		{"the name", "b@example.com", "bertrand russell", "Bertrand Russell", 422, "password", "personal"},
		{"a long name", "b@example.com", servertest.Password, strings.Repeat("x", 101), 422, "name", "too_long"},
		{"a control character in the name", "b@example.com", servertest.Password, "a\u0007b", 422, "name", "invalid_character"},
		{"a name that cannot be seen", "b@example.com", servertest.Password, "\u3164\u200b", 422, "name", "invalid_character"},
	} {
		t.Run(test.name, func(t *testing.T) {
			client := server.Client()
			answer := client.Post("/api/auth/register", servertest.Object("email", test.email, "password", test.password, "name", test.person))
			if test.field == "" {
				answer.WantsProblem(test.status, test.code)
			} else if faults := answer.WantsProblem(test.status, "validation_failed"); len(faults) != 1 || faults[0].Field != test.field || faults[0].Code != test.code {
				t.Errorf("faults %+v, want %s of %s", faults, test.code, test.field)
			}
			if client.Cookie("accessToken") != "" {
				t.Error("signed in all the same")
			}
		})
	}
}

func TestRegisterReportsAllFaults(t *testing.T) {
	client := servertest.Start(t).Client()
	faults := client.Post("/api/auth/register", `{"email":"x","password":"short","name":"\u0000"}`).WantsProblem(422, "validation_failed")
	if len(faults) != 3 {
		t.Errorf("faults: %+v", faults)
	}
}

func TestSignupClosed(t *testing.T) {
	server := servertest.Start(t, func(c *config.Config) { c.Signup = "closed" })
	server.Client().Post("/api/auth/register", servertest.Object("email", "a@example.com", "password", servertest.Password)).
		WantsProblem(http.StatusForbidden, "signup_closed")
}

// Keyboards differ in how they write the same characters; the account was made
// on one of them, perhaps before there was one form.
func TestPasswordsAreOneInEveryUnicodeForm(t *testing.T) {
	const email, composed, decomposed = "ada@example.com", "contrase\u00f1a de Ada", "contrasen\u0303a de Ada"
	for _, chosen := range []string{composed, decomposed} {
		server := servertest.Start(t)
		login := func(password string) servertest.Answer {
			return server.Client().Post("/api/auth/login", servertest.Object("email", email, "password", password))
		}
		client := server.Client()
		client.Post("/api/auth/register", servertest.Object("email", email, "password", chosen)).Wants(http.StatusCreated)
		login(composed).Wants(http.StatusOK)
		login(decomposed).Wants(http.StatusOK)
		login("contrasena de Ada").WantsProblem(http.StatusUnauthorized, "invalid_credentials")

		// Changing it asks for the one before, in either form.
		client.Post("/api/user/password", servertest.Object("currentPassword", decomposed, "newPassword", decomposed+" King")).Wants(http.StatusNoContent)
		login(composed + " King").Wants(http.StatusOK)

		before, err := bcrypt.GenerateFromPassword([]byte(decomposed), bcrypt.MinCost)
		if err != nil {
			t.Fatal(err)
		}
		server.Alter("update users set password_hash = '" + string(before) + "'")
		login(composed).WantsProblem(http.StatusUnauthorized, "invalid_credentials")
		login(decomposed).Wants(http.StatusOK)
		login(composed).Wants(http.StatusOK) // it was hashed anew
	}
}

func TestPasswordsAreComparedWhole(t *testing.T) {
	server := servertest.Start(t)
	seventyTwo := strings.Repeat("0123456789", 7) + "ab"
	for i, password := range []string{
		"eightchr", servertest.Password, strings.Repeat("äöü", 12), seventyTwo, seventyTwo + "c",
		strings.Repeat("long ", 25) + "end", strings.Repeat("🔑🔒🚪🧱", 64),
	} {
		email := fmt.Sprintf("person%d@example.com", i)
		server.Client().Post("/api/auth/register", servertest.Object("email", email, "password", password)).Wants(http.StatusCreated)
		login := func(try string) servertest.Answer {
			return server.Client().Post("/api/auth/login", servertest.Object("email", email, "password", try))
		}
		login(password).Wants(http.StatusOK)
		for _, wrong := range []string{
			password + "x", password + "\x00", password + "\x00" + password, password[:len(password)-1] + "\x7f",
			strings.ToUpper(password) + "X", " " + password, password + " ", "x" + password[1:],
			strings.Repeat("x", 300), "\x00",
		} {
			login(wrong).WantsProblem(http.StatusUnauthorized, "invalid_credentials")
		}
	}
}

func TestLoginSaysTheSameOfUnknownAccounts(t *testing.T) {
	server := servertest.Start(t)
	server.Client().Register("ada@example.com")
	of := func(email string) string {
		answer := server.Client().Post("/api/auth/login", servertest.Object("email", email, "password", "not the password"))
		answer.WantsProblem(http.StatusUnauthorized, "invalid_credentials")
		return strings.ReplaceAll(answer.Body, answer.Header.Get("X-Request-Id"), "")
	}
	if known, unknown := of("ada@example.com"), of("nobody@example.com"); known != unknown {
		t.Errorf("known: %s\nunknown: %s", known, unknown)
	}
}

func TestLoginEndsTheSessionThatCameAlong(t *testing.T) {
	server := servertest.Start(t)
	client := server.Client()
	client.Register("ada@example.com")
	before := client.Copy(server)
	client.Login("ada@example.com")
	before.Get("/api/user/profile").WantsProblem(http.StatusUnauthorized, "unauthenticated")
	before.Post("/api/auth/refresh", "").WantsProblem(http.StatusUnauthorized, "session_ended")
	client.Get("/api/user/profile").Wants(http.StatusOK)
}

// After the cost was raised the first sign-in stores a new hash of the same
// password; the others at that moment must not take it for a new password.
func TestSignInsAtOnceAfterTheCostWasRaised(t *testing.T) {
	server := servertest.Start(t)
	server.Client().Register("ada@example.com")
	server.Stop()
	dearer := server.Again(func(c *config.Config) { c.BcryptCost++ })
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			answer, err := dearer.Client().Try(http.MethodPost, "/api/auth/login", servertest.Object("email", "ada@example.com", "password", servertest.Password))
			if err != nil || answer.StatusCode != http.StatusOK {
				t.Errorf("a sign-in with the right password was refused: %v %v", answer.Body, err)
			}
		})
	}
	all.Wait()
}

func TestTokensInTheBody(t *testing.T) {
	server := servertest.Start(t)
	server.Client().Register("ada@example.com")
	script := server.Client()
	answer := script.Post("/api/auth/login", servertest.Object("email", "ada@example.com", "password", servertest.Password, "tokenDelivery", "body")).Wants(http.StatusOK)
	if len(answer.Cookies()) > 0 {
		t.Error("cookies were set for a script")
	}
	bearer := "Bearer " + answer.Text("accessToken")
	script.Get("/api/user/profile", "Authorization", bearer).Wants(http.StatusOK)

	server.Clock.Move(time.Hour)
	script.Get("/api/user/profile", "Authorization", bearer).WantsProblem(http.StatusUnauthorized, "unauthenticated")
	refreshed := script.Post("/api/auth/refresh", servertest.Object("refreshToken", answer.Text("refreshToken"))).Wants(http.StatusOK)
	if len(refreshed.Cookies()) > 0 {
		t.Error("cookies were set for a script")
	}
	bearer = "Bearer " + refreshed.Text("accessToken")
	script.Get("/api/user/profile", "Authorization", bearer).Wants(http.StatusOK)
	script.Post("/api/auth/logout", "", "Authorization", bearer).Wants(http.StatusNoContent)
	script.Get("/api/user/profile", "Authorization", bearer).WantsProblem(http.StatusUnauthorized, "unauthenticated")
	script.Post("/api/auth/refresh", servertest.Object("refreshToken", refreshed.Text("refreshToken"))).WantsProblem(http.StatusUnauthorized, "session_ended")

	script.Post("/api/auth/login", servertest.Object("email", "ada@example.com", "password", servertest.Password, "tokenDelivery", "url")).
		WantsProblem(http.StatusUnprocessableEntity, "validation_failed")
}

func TestLogout(t *testing.T) {
	server := servertest.Start(t)
	for name, cookies := range map[string][]string{
		"with both tokens":             {"accessToken", "refreshToken"},
		"with the access token":        {"accessToken"},
		"with the refresh token":       {"refreshToken"},
		"with an expired access token": {"accessToken"},
	} {
		t.Run(name, func(t *testing.T) {
			client := server.Client()
			client.Register(strings.ReplaceAll(name, " ", ".") + "@example.com")
			thief := client.Copy(server)
			leaving := server.Client()
			for _, cookie := range cookies {
				leaving.SetCookie(cookie, client.Cookie(cookie))
			}
			if strings.Contains(name, "expired") {
				server.Clock.Move(time.Hour)
			}
			answer := leaving.Post("/api/auth/logout", "").Wants(http.StatusNoContent)
			if got := len(answer.Cookies()); got != 2 {
				t.Errorf("%d cookies are cleared, want 2", got)
			}
			for _, cookie := range answer.Cookies() {
				if cookie.MaxAge >= 0 || cookie.Value != "" {
					t.Errorf("not cleared: %s", cookie)
				}
			}
			thief.Get("/api/user/profile").WantsProblem(http.StatusUnauthorized, "unauthenticated")
			thief.Get("/dashboard").Wants(http.StatusSeeOther)
		})
	}
	server.Client().Post("/api/auth/logout", "").Wants(http.StatusNoContent)
}

func TestSessionNeverAnswers401(t *testing.T) {
	server := servertest.Start(t)
	client := server.Client()
	if body := client.Get("/api/auth/session").Wants(http.StatusOK).Body; body != "{\"authenticated\":false}\n" {
		t.Errorf("signed out: %s", body)
	}
	client.Get("/api/auth/session", "Authorization", "Bearer nonsense").Wants(http.StatusOK)
	client.Register("ada@example.com")
	var answer struct {
		Authenticated bool
		User          struct{ Email string }
		ExpiresAt     time.Time
	}
	client.Get("/api/auth/session").Wants(http.StatusOK).Decode(&answer)
	if !answer.Authenticated || answer.User.Email != "ada@example.com" || !answer.ExpiresAt.Equal(server.Clock.Now().Add(server.Config.SessionIdle)) {
		t.Errorf("signed in: %+v", answer)
	}
}

func TestSessionsLapse(t *testing.T) {
	server := servertest.Start(t, func(c *config.Config) {
		c.SessionIdle, c.SessionMax = 2*time.Hour, 5*time.Hour
	})
	idle, busy := server.Client(), server.Client()
	idle.Register("idle@example.com")
	busy.Register("busy@example.com")
	for range 3 {
		server.Clock.Move(90 * time.Minute)
		busy.Get("/api/user/profile").Wants(http.StatusOK)
	}
	idle.Get("/api/user/profile").WantsProblem(http.StatusUnauthorized, "unauthenticated")
	server.Clock.Move(30 * time.Minute)
	busy.Get("/api/user/profile").WantsProblem(http.StatusUnauthorized, "unauthenticated")
	busy.Post("/api/auth/refresh", "").WantsProblem(http.StatusUnauthorized, "session_ended")
}

func TestUseOfAnAccessTokenKeepsTheSession(t *testing.T) {
	server := servertest.Start(t, func(c *config.Config) { c.SessionIdle = 20 * time.Minute })
	client := server.Client()
	client.Register("ada@example.com")
	server.Clock.Move(14 * time.Minute)
	client.Get("/api/user/profile").Wants(http.StatusOK)
	server.Clock.Move(19 * time.Minute)
	client.Get("/api/user/profile").Wants(http.StatusOK)
}
