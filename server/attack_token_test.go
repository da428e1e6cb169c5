package server_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"lychgate/server/servertest"
)

// forgery says how to make one access token, beginning with what the server
// itself would mint. Texts may hold words in angle brackets; see expand.
type forgery struct {
	Name string
	Why  string // where it is not plain

	Header, Claims         map[string]any // members that are set
	Without                []string       // members that are left out: header.typ, claims.exp
	HeaderText, ClaimsText string         // all of it, where members cannot say it
	Sign                   string         // with which key; empty: the real one
	Signature              string         // what is done to the signature's bytes
	Write                  string         // how the parts are put together

	Accepted []string // by header or cookie, where it is no forgery
	Status   int      // where net/http refuses the request
}

// paths are asked with every token: what the API and what the guard protects.
var paths = []struct {
	path    string
	in, out int
}{
	{"/api/user/profile", http.StatusOK, http.StatusUnauthorized},
	{"/dashboard", http.StatusOK, http.StatusSeeOther},
}

func TestForgedAccessTokens(t *testing.T) {
	var asked atomic.Int64
	listener := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	defer listener.Close()

	forge := newForge(t, listener.URL)
	before := forge.state()
	forgeries := load[forgery](t, "tokens.json")
	refused := 0
	tried := make(map[string]string)
	for _, f := range forgeries {
		if len(f.Accepted) == 0 {
			refused++
		}
		what := f
		what.Name, what.Why = "", ""
		key := fmt.Sprintf("%+v", what)
		if tried[key] != "" {
			t.Errorf("%s tries the same as %s", f.Name, tried[key])
		}
		tried[key] = f.Name
		t.Run(f.Name, func(t *testing.T) {
			token := forge.make(t, f)
			for carrier, field := range map[string]string{"header": "Authorization: Bearer ", "cookie": "Cookie: accessToken="} {
				for _, p := range paths {
					want := p.out
					if slices.Contains(f.Accepted, carrier) {
						want = p.in
					}
					if f.Status != 0 {
						want = f.Status
					}
					answer := send(t, forge.server, request(forge.server, "GET", p.path, []string{field + token}, ""))
					if answer.StatusCode != want {
						t.Errorf("%s as %s: status %d, want %d\n%s", p.path, carrier, answer.StatusCode, want, answer.body)
					}
					answer.wantsSafe(t, forge.secrets...)
					if len(answer.Cookies()) > 0 {
						t.Errorf("%s as %s: cookies are set", p.path, carrier)
					}
				}
			}
		})
	}
	if refused < 200 {
		t.Errorf("only %d forgeries that must be refused", refused)
	}
	if asked.Load() > 0 {
		t.Error("the server followed an address in a token")
	}
	if forge.state() != before {
		t.Error("forged tokens changed what is stored")
	}
	wantsSafeLog(t, forge.server, forge.secrets...)
}

// carrier is a way to send a good token; most are wrong.
type carrier struct {
	Name    string
	Why     string // where it is not plain
	Headers []string
	Query   string
	In      bool // it counts
	Status  int  // where net/http refuses the request
}

func TestWaysToSendATokenThatDoNotCount(t *testing.T) {
	forge := newForge(t, "")
	for _, c := range load[carrier](t, "carriers.json") {
		t.Run(c.Name, func(t *testing.T) {
			var headers []string
			for _, header := range c.Headers {
				headers = append(headers, forge.expand(t, header))
			}
			for _, p := range paths {
				want := p.out
				if c.In {
					want = p.in
				}
				if c.Status != 0 {
					want = c.Status
				}
				answer := send(t, forge.server, request(forge.server, "GET", p.path+forge.expand(t, c.Query), headers, ""))
				if answer.StatusCode != want {
					t.Errorf("%s: status %d, want %d\n%s", p.path, answer.StatusCode, want, answer.body)
				}
				if c.Query == "" { // the way back after signing in holds the query as it came
					answer.wantsSafe(t, forge.secrets...)
				}
			}
		})
	}
	wantsSafeLog(t, forge.server, forge.secrets...)
}

// forge makes tokens against one server, where one person is signed in.
type forge struct {
	server  *servertest.Server
	keys    forgeKeys
	header  map[string]any
	claims  map[string]any
	words   map[string]string
	secrets []string // that no answer and no log may hold
	state   func() string
}

func newForge(t *testing.T, listener string) *forge {
	t.Helper()
	server := servertest.Start(t)
	victim := server.Client()
	victim.Register("ada@example.com")
	good, refresh := victim.Cookie("accessToken"), victim.Cookie("refreshToken")

	other := servertest.Start(t).Client()
	other.Register("ada@example.com")
	// The same data and keys, but another port, and so another origin.
	neighbour := server.Again().Client()
	neighbour.Login("ada@example.com")

	f := &forge{server: server, keys: newForgeKeys(t, server), state: watch(t, server)}
	part := strings.Split(good, ".")
	f.header, f.claims = decodePart(t, part[0]), decodePart(t, part[1])
	refreshPart := strings.Split(refresh, ".")
	generation := func(text string) string { return refreshPart[0] + "." + text + "." + refreshPart[2] }
	f.words = map[string]string{
		"good": good, "good head": part[0], "good body": part[1], "good signature": part[2],
		"lower": strings.ToLower(good), "upper": strings.ToUpper(good),
		"refresh": refresh, "refresh less MAC": refreshPart[0] + "." + refreshPart[1],
		"refresh of generation 2":  generation("2"),
		"refresh of generation +1": generation("+1"),
		"refresh of generation 01": generation("01"),
		"refresh elsewhere":        other.Cookie("refreshToken"),
		"elsewhere":                other.Cookie("accessToken"),
		"neighbour":                neighbour.Cookie("accessToken"),
		"kid":                      f.keys.id, "KID": strings.ToUpper(f.keys.id),
		"iss": server.URL, "iss by address": strings.Replace(server.URL, "localhost", "127.0.0.1", 1),
		"sid":      fmt.Sprint(f.claims["sid"]),
		"listener": listener,
	}
	f.secrets = []string{good, part[2], refresh, refreshPart[2], servertest.Password, f.words["elsewhere"], f.words["neighbour"], rootSecret(t, server)}
	return f
}

// make returns the token that a forgery describes.
func (f *forge) make(t *testing.T, of forgery) string {
	t.Helper()
	header := f.members(t, f.header, of.Header, of.Without, "header.")
	claims := f.members(t, f.claims, of.Claims, of.Without, "claims.")
	head := encodePart(f.text(t, of.HeaderText, header))
	body := encodePart(f.text(t, of.ClaimsText, claims))
	signature := f.keys.sign(t, of.Sign, head+"."+body)
	signature = f.keys.alter(t, of.Signature, signature)

	words := maps.Clone(f.words)
	words["head"], words["body"], words["signature"] = head, body, encodePart(signature)
	words["token"] = head + "." + body + "." + words["signature"]
	words["other signature"] = encodePart(f.keys.sign(t, "", head+".AAAA"))
	words["standard signature"] = strings.NewReplacer("-", "+", "_", "/").Replace(words["signature"])
	words["spare signature"] = withSpareBits(words["signature"])
	if of.Write == "" {
		return words["token"]
	}
	return expand(t, of.Write, words, f.now())
}

func (f *forge) now() int64 { return f.server.Clock.Now().Unix() }

func (f *forge) expand(t *testing.T, text string) string {
	t.Helper()
	return expand(t, text, f.words, f.now())
}
