package auth_test

import (
	"net/http"
	"testing"

	"lychgate/server/config"
	"lychgate/server/servertest"
)

func TestMethods(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*config.Config)
		want   string
	}{
		{
			"by default", func(*config.Config) {},
			`{"password":true,"passwordMin":8,"signup":"open","mail":false,"emailVerification":"off","emailCodes":false,"providers":[]}`,
		},
		{
			"closed, with support", func(c *config.Config) { c.Signup, c.Support, c.PasswordMin = "closed", "help@example.com", 15 },
			`{"password":true,"passwordMin":15,"signup":"closed","mail":false,"emailVerification":"off","emailCodes":false,"providers":[],"support":"help@example.com"}`,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := servertest.Start(t, test.change)
			answer := s.Client().Get("/api/auth/methods").Wants(http.StatusOK)
			if answer.Body != test.want+"\n" {
				t.Errorf("got  %swant %s", answer.Body, test.want)
			}
			if kept := answer.Header.Get("Cache-Control"); kept != "public, max-age=60" {
				t.Errorf("Cache-Control: %s", kept)
			}
		})
	}
}

// The answer may be kept by caches, so it must never refresh a session in passing.
func TestMethodsTakeNoNoticeOfTheCaller(t *testing.T) {
	s := servertest.Start(t)
	client := s.Client()
	client.Register("ada@example.com")
	client.SetCookie("accessToken", "")
	stranger := s.Client().Get("/api/auth/methods").Wants(http.StatusOK)
	answer := client.Get("/api/auth/methods").Wants(http.StatusOK)
	if answer.Body != stranger.Body || answer.Header.Get("Set-Cookie") != "" {
		t.Errorf("a person gets %s, Set-Cookie %q", answer.Body, answer.Header.Get("Set-Cookie"))
	}
}
