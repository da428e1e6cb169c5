package server_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"lychgate/server"
	"lychgate/server/config"
	"lychgate/server/servertest"
)

// counting counts the signatures that are checked.
type counting struct {
	jwt.SigningMethod
	checks *atomic.Int64
}

func (c counting) Verify(text string, signature []byte, key any) error {
	c.checks.Add(1)
	return c.SigningMethod.Verify(text, signature, key)
}

// countChecks returns how many signatures were checked since it was last asked.
// The test must not run beside others.
func countChecks(t *testing.T) (since func() int64) {
	t.Helper()
	var checks atomic.Int64
	method := jwt.GetSigningMethod("ES256")
	jwt.RegisterSigningMethod("ES256", func() jwt.SigningMethod { return counting{method, &checks} })
	t.Cleanup(func() { jwt.RegisterSigningMethod("ES256", func() jwt.SigningMethod { return method }) })
	return func() int64 { return checks.Swap(0) }
}

// forged returns access tokens that only their signature betrays, as short as
// can be: so many fit into one header.
func forged(t *testing.T, token string, now time.Time, count int) (list []string) {
	t.Helper()
	head, _, _ := strings.Cut(token, ".")
	for i := range count {
		claims := fmt.Sprintf(`{"iss":"http://localhost","aud":"lychgate","client_id":"lychgate","sub":"u","sid":"%d","iat":%d,"exp":%d,"jti":"j"}`, i, now.Unix(), now.Unix()+60)
		encode := base64.RawURLEncoding.EncodeToString
		list = append(list, head+"."+encode([]byte(claims))+"."+encode(bytes.Repeat([]byte{byte(i + 1)}, 64)))
	}
	return list
}

// exchange sends a request, with each header as often as it has values, and
// returns the status and the body of the answer.
func exchange(t *testing.T, client *http.Client, method, address, body string, header http.Header) (int, []byte) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if r.Header = header.Clone(); body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	answer, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	read, err := io.ReadAll(answer.Body)
	if err := errors.Join(err, answer.Body.Close()); err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, read
}

// Whatever a header holds, it buys two signature checks at most, and none where
// a limit refuses the request.
func TestSignatureChecksAreBounded(t *testing.T) {
	checks := countChecks(t)
	has := newIdentity(t, 1)
	plain := servertest.Start(t)
	secure := servertest.Start(t, withCertificate(t, has))
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	http1, http2 := http.Client{CheckRedirect: stay}, trusting(t, has)
	http2.CheckRedirect = stay
	http2.Transport.(*http.Transport).DisableKeepAlives = false
	t.Cleanup(http1.CloseIdleConnections)
	t.Cleanup(http2.CloseIdleConnections)
	for _, over := range []struct {
		name, prefix string
		server       *servertest.Server
		client       *http.Client
	}{
		{"HTTP/1.1", "", plain, &http1},
		{"HTTP/2", "__Host-", secure, http2},
	} {
		t.Run(over.name, func(t *testing.T) {
			credentials := servertest.Object("email", "ada@example.com", "password", servertest.Password, "tokenDelivery", "body")
			var program struct{ AccessToken, RefreshToken string }
			status, answer := exchange(t, over.client, http.MethodPost, over.server.URL+"/api/auth/register", credentials, http.Header{})
			if err := json.Unmarshal(answer, &program); err != nil || program.AccessToken == "" {
				t.Fatalf("status %d, %v", status, err)
			}

			many := forged(t, program.AccessToken, over.server.Clock.Now(), 72)
			access, refresh := over.prefix+"accessToken=", over.prefix+"refreshToken="
			carriers := map[string]http.Header{
				"many cookies in one header":    {"Cookie": {access + strings.Join(many, "; "+access)}},
				"many cookies in many headers":  {"Cookie": prefixed(access, many)},
				"two cookies":                   {"Cookie": prefixed(access, many[:2])},
				"one cookie":                    {"Cookie": prefixed(access, many[:1])},
				"one cookie and a good refresh": {"Cookie": {access + many[0] + "; " + refresh + program.RefreshToken}},
				"many cookies of either name":   {"Cookie": append(prefixed(access, many[:30]), prefixed(refresh, many[30:60])...)},
				"many, and the good ones last":  {"Cookie": append(prefixed(access, many[:60]), access+program.AccessToken, refresh+program.RefreshToken)},
				"many Bearer headers":           {"Authorization": prefixed("Bearer ", many)},
				"one Bearer header":             {"Authorization": prefixed("bearer ", many[:1])},
				"a Bearer header and cookies":   {"Authorization": prefixed("Bearer ", many[:1]), "Cookie": prefixed(access, many[:60])},
				"another scheme and cookies":    {"Authorization": {"Basic " + many[0]}, "Cookie": prefixed(access, many[:60])},
			}
			requests := []string{
				"GET /", "GET /dashboard", "HEAD /dashboard", "GET /dashboard/", "GET /dashboard.txt", "GET /dashboard/unknown", "POST /dashboard",
				"GET " + servertest.ProtectedAsset, "GET /_next/static/chunks/unknown.js", "GET /api/unknown", "HEAD /api/user/profile",
			}
			requests = append(requests, server.Operations()...)
			checks()
			var most int64
			for name, header := range carriers {
				for _, request := range requests {
					method, path, _ := strings.Cut(request, " ")
					path = strings.ReplaceAll(path, "{id}", "1")
					bodies := []string{""}
					switch path {
					case "/api/auth/login":
						bodies = []string{credentials, servertest.Object("email", "ada@example.com", "password", "wrong"), "{}"}
					case "/api/auth/register":
						bodies = []string{credentials, strings.Replace(credentials, "ada@", strings.ReplaceAll(name, " ", "-")+"@", 1), "{}"}
					case "/api/user/profile", "/api/user/password":
						if method != http.MethodGet && method != http.MethodHead {
							bodies = []string{"{}"}
						}
					}
					for _, body := range bodies {
						status, _ := exchange(t, over.client, method, over.server.URL+path, body, header)
						if status == http.StatusRequestHeaderFieldsTooLarge {
							t.Fatalf("%s: the header does not reach anybody", name)
						}
						got := checks()
						most = max(most, got)
						if refusedLogin := path == "/api/auth/login" && status != http.StatusOK; got > 2 || refusedLogin && got > 0 {
							t.Errorf("%s with %s %.40s: %d checks (status %d)", request, name, body, got, status)
						}
					}
				}
			}
			if most == 0 {
				t.Error("nothing was checked, and the test proves nothing")
			}
		})
	}
}

func prefixed(prefix string, list []string) (all []string) {
	for _, one := range list {
		all = append(all, prefix+one)
	}
	return all
}

// Who is refused by a limit has no signature checked.
func TestNoSignatureIsCheckedBeforeTheLimits(t *testing.T) {
	checks := countChecks(t)
	once := config.Rate{Attempts: 1, Per: time.Hour}
	s := servertest.Start(t, func(c *config.Config) { c.LoginAttempts, c.RegisterAttempts = once, once })
	client := s.Client()
	token := client.Register("ada@example.com").Text("accessToken")
	header := "accessToken=" + forged(t, token, s.Clock.Now(), 1)[0]
	login := func(password string) servertest.Answer {
		return s.Client().Post("/api/auth/login", servertest.Object("email", "ada@example.com", "password", password), "Cookie", header)
	}
	checks()
	login("wrong").Wants(http.StatusUnauthorized)
	login(servertest.Password).Wants(http.StatusTooManyRequests)
	s.Client().Post("/api/auth/register", servertest.Object("email", "bob@example.com", "password", servertest.Password), "Cookie", header).
		Wants(http.StatusTooManyRequests)
	if got := checks(); got != 0 {
		t.Errorf("%d signatures are checked for requests that are refused", got)
	}
	s.Clock.Move(time.Hour)
	login(servertest.Password).Wants(http.StatusOK)
	if got := checks(); got != 1 {
		t.Errorf("%d signatures are checked for one that is not, want 1", got)
	}
}
