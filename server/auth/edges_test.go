package auth_test

import (
	"net/http"
	"testing"
	"time"

	"lychgate/server/config"
	"lychgate/server/servertest"
)

// A step back of the clock must not make a token live longer than was
// promised of it, remembered or not.
func TestAStepBackOfTheClock(t *testing.T) {
	server := servertest.Start(t)
	script := server.Client()
	script.Register("ada@example.com")
	bearer := "Bearer " + script.Cookie("accessToken")
	script.Get("/api/user/profile", "Authorization", bearer).Wants(http.StatusOK)
	server.Clock.Move(-time.Hour)
	script.Get("/api/user/profile", "Authorization", bearer).WantsProblem(http.StatusUnauthorized, "unauthenticated")
	script.Get("/api/user/profile").Wants(http.StatusOK) // refreshed in passing
}

// Whoever signs out has signed out, whatever else was planted beside the
// tokens.
func TestLogoutWithPlantedCookies(t *testing.T) {
	server := servertest.Start(t)
	client := server.Client()
	client.Register("ada@example.com")
	thief := client.Copy(server)
	server.Client().Post("/api/auth/logout", "", "Cookie",
		"accessToken=planted; accessToken="+client.Cookie("accessToken")+"; refreshToken="+client.Cookie("refreshToken")).
		Wants(http.StatusNoContent)
	thief.Get("/api/user/profile").WantsProblem(http.StatusUnauthorized, "unauthenticated")
}

// With an Authorization header the cookies do not count: their session goes
// on, and they are kept.
func TestLogoutByHeaderLeavesTheCookies(t *testing.T) {
	server := servertest.Start(t)
	browser, script := server.Client(), server.Client()
	browser.Register("ada@example.com")
	script.Login("ada@example.com")
	answer := browser.Post("/api/auth/logout", "", "Authorization", "Bearer "+script.Cookie("accessToken")).Wants(http.StatusNoContent)
	if len(answer.Cookies()) != 0 {
		t.Error("the cookies of a session that goes on are cleared")
	}
	browser.Get("/api/user/profile").Wants(http.StatusOK)
	script.Get("/api/user/profile").WantsProblem(http.StatusUnauthorized, "unauthenticated")
}

// Where nothing is rotated a replayed token still ends its session.
func TestReplayForAnAsset(t *testing.T) {
	server := servertest.Start(t)
	client := server.Client()
	client.Register("ada@example.com")
	thief := client.Copy(server)
	thief.SetCookie("accessToken", "")
	for range 2 {
		client.Post("/api/auth/refresh", "").Wants(http.StatusOK)
	}
	thief.Get(servertest.ProtectedAsset).Wants(http.StatusNotFound)
	client.Get("/api/user/profile").WantsProblem(http.StatusUnauthorized, "unauthenticated")
}

// A protected asset is there for a good refresh token too, and sets no cookie.
func TestAssetAfterTheAccessTokenExpired(t *testing.T) {
	server := servertest.Start(t)
	client := server.Client()
	client.Register("ada@example.com")
	server.Clock.Move(time.Hour)
	if answer := client.Get(servertest.ProtectedAsset).Wants(http.StatusOK); len(answer.Cookies()) != 0 {
		t.Error("an answer that is kept sets cookies")
	}
	server.Client().Get(servertest.ProtectedAsset).Wants(http.StatusNotFound)
}

// What is refused does not count, or nobody who goes on trying would ever get
// in.
func TestRefusedRegistrationsDoNotCount(t *testing.T) {
	server := servertest.Start(t, func(c *config.Config) {
		c.RegisterAttempts = config.Rate{Attempts: 1, Per: time.Hour}
	})
	server.Client().Register("ada@example.com")
	for range 3 {
		answer := server.Client().Post("/api/auth/register", servertest.Object("email", "bob@example.com", "password", servertest.Password))
		answer.WantsProblem(http.StatusTooManyRequests, "rate_limited")
		wantsRetryAfter(t, answer, "3600")
	}
}
