package auth_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"testing"

	"lychgate/server/servertest"
)

// Where the tokens of a new session go: what a browser is told in a body, every
// script on the page could read.
func TestDeliveryOfTokens(t *testing.T) {
	const cookieOnly, program, body = "expiresIn user", "accessToken expiresIn user", "accessToken expiresIn refreshToken user"
	for i, test := range []struct {
		delivery string // "-" for none
		headers  []string
		members  string
		cookies  int
	}{
		{"-", nil, program, 2},
		{"cookie", nil, program, 2},
		{"body", nil, body, 0},
		{"-", []string{"Sec-Fetch-Site", "same-origin"}, cookieOnly, 2},
		{"-", []string{"Sec-Fetch-Site", "none"}, cookieOnly, 2},
		{"-", []string{"Origin", "<own>"}, cookieOnly, 2},
		{"cookie", []string{"Sec-Fetch-Site", "same-origin", "Origin", "<own>"}, cookieOnly, 2},
		{"body", []string{"Sec-Fetch-Site", "same-origin", "Origin", "<own>"}, body, 0},
		{"-", []string{"User-Agent", "Mozilla/5.0", "Referer", "<own>"}, program, 2},
	} {
		t.Run(fmt.Sprintf("%s %q", test.delivery, test.headers), func(t *testing.T) {
			s := servertest.Start(t)
			var headers []string
			for _, text := range test.headers {
				if text == "<own>" {
					text = s.URL
				}
				headers = append(headers, text)
			}
			input := []any{"email", fmt.Sprintf("person%d@example.com", i), "password", servertest.Password}
			if test.delivery != "-" {
				input = append(input, "tokenDelivery", test.delivery)
			}
			for _, step := range []struct {
				path   string
				status int
			}{{"/api/auth/register", http.StatusCreated}, {"/api/auth/login", http.StatusOK}} {
				client := s.Client()
				answer := client.Post(step.path, servertest.Object(input...), headers...).Wants(step.status)
				var members map[string]json.RawMessage
				answer.Decode(&members)
				names := ""
				for _, name := range slices.Sorted(maps.Keys(members)) {
					names += " " + name
				}
				if names != " "+test.members || len(answer.Cookies()) != test.cookies {
					t.Errorf("%s: %s and %d cookies, want %s and %d", step.path, names, len(answer.Cookies()), test.members, test.cookies)
				}
				if test.cookies == 0 {
					client.Post("/api/auth/refresh", servertest.Object("refreshToken", answer.Text("refreshToken"))).Wants(http.StatusOK)
				} else {
					client.Get("/api/user/profile").Wants(http.StatusOK)
				}
			}
		})
	}
	s := servertest.Start(t)
	for _, path := range []string{"/api/auth/register", "/api/auth/login"} {
		faults := s.Client().Post(path, servertest.Object("email", ada, "password", servertest.Password, "tokenDelivery", "url")).
			WantsProblem(http.StatusUnprocessableEntity, "validation_failed")
		if len(faults) != 1 || faults[0].Field != "tokenDelivery" || faults[0].Code != "unknown_value" {
			t.Errorf("%s: %+v", path, faults)
		}
	}
}
