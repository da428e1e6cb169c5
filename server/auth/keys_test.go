package auth_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"lychgate/server"
	"lychgate/server/audit"
	"lychgate/server/servertest"
)

// keyOf returns the id of the key that signed an access token.
func keyOf(t *testing.T, token string) string {
	t.Helper()
	head, _, _ := strings.Cut(token, ".")
	plain, err := base64.RawURLEncoding.DecodeString(head)
	if err != nil {
		t.Fatal(err)
	}
	var header struct {
		KeyID string `json:"kid"`
	}
	if err := json.Unmarshal(plain, &header); err != nil {
		t.Fatal(err)
	}
	return header.KeyID
}

// clientOf returns a client of a server at https://app.example.com.
func clientOf(s *servertest.Server) *servertest.Client {
	client := s.Client()
	client.Header.Set("Host", "app.example.com")
	return client
}

// published returns the ids of the keys that a server tells of.
func published(s *servertest.Server) (ids []string) {
	var set struct {
		Keys []struct {
			KeyID string `json:"kid"`
		}
	}
	clientOf(s).Get("/.well-known/jwks.json").Wants(http.StatusOK).Decode(&set)
	for _, key := range set.Keys {
		ids = append(ids, key.KeyID)
	}
	return ids
}

// rotate does what `lychgate key rotate` does, in another process.
func rotate(t *testing.T, s *servertest.Server) string {
	t.Helper()
	accounts, err := server.OpenAccounts(t.Context(), s.Config, server.Environment{Now: s.Clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer accounts.Store.Close()
	id, err := accounts.Keys.Rotate(t.Context(), audit.CommandLine())
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// follows waits until a server knows of a key.
func follows(t *testing.T, s *servertest.Server, key string) {
	t.Helper()
	servertest.Eventually(t, "key "+key+" is known", func() bool { return slices.Contains(published(s), key) })
}

func TestKeyRotation(t *testing.T) {
	s := servertest.Start(t, servertest.At(t, "https://app.example.com"))
	replica := s.Again()
	client := clientOf(s)
	bearer := func(of *servertest.Server, token string) *servertest.Client {
		c := clientOf(of)
		c.Header.Set("Authorization", "Bearer "+token)
		return c
	}
	old := client.Register("ada@example.com").Text("accessToken")
	first := keyOf(t, old)
	if got := published(s); !slices.Equal(got, []string{first}) {
		t.Fatalf("keys %q, want %s", got, first)
	}

	second := rotate(t, s)
	follows(t, s, second)
	follows(t, replica, second)
	// It does not sign before every server has had the time to read it.
	if got := keyOf(t, clientOf(s).Login("ada@example.com").Text("accessToken")); got != first {
		t.Errorf("key %s signs at once", got)
	}
	s.Clock.Move(time.Second)
	young := clientOf(s).Login("ada@example.com").Text("accessToken")
	if got := keyOf(t, young); got != second {
		t.Errorf("key %s signs, want %s", got, second)
	}
	if got := published(s); !slices.Equal(got, []string{second, first}) {
		t.Errorf("keys %q", got)
	}
	for _, of := range []*servertest.Server{s, replica} {
		for _, token := range []string{old, young} {
			bearer(of, token).Get("/api/user/profile").Wants(http.StatusOK)
		}
	}
	client.Get("/dashboard").Wants(http.StatusOK)

	// The old key goes with its last token, and nobody is signed out.
	s.Clock.Move(s.Config.AccessTTL)
	if got := published(replica); !slices.Equal(got, []string{second}) {
		t.Errorf("keys %q, want the new one alone", got)
	}
	bearer(s, old).Get("/api/user/profile").WantsProblem(http.StatusUnauthorized, "unauthenticated")
	client.Get("/api/user/profile").Wants(http.StatusOK)

	// Two rotations in a row.
	third, fourth := rotate(t, s), rotate(t, s)
	follows(t, s, third)
	follows(t, s, fourth)
	s.Clock.Move(time.Second)
	client.Get("/api/user/profile").Wants(http.StatusOK)
	if got := keyOf(t, clientOf(s).Login("ada@example.com").Text("accessToken")); got != fourth {
		t.Errorf("key %s signs", got)
	}
}
