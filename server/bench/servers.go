//go:build linux

package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/gob"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"text/template"
)

// The servers, by the names they have in docs/performance.json.
const (
	ours      = "lychgate"
	limit     = "limit"
	afternoon = "echo"
	nginx     = "nginx"
)

const (
	email    = "ada@example.com"
	password = "correct horse battery staple"
)

// server is a running server and the requests it is measured with, by row. A
// row that a server cannot serve is missing.
type server struct {
	*program
	requests map[string]request
	login    string // path at which to sign in
	warmUp   int    // seconds; 0 for one
}

// unlimited are the flags of our server where its limits are not measured. All
// else is as in production, with the access log in a file.
var unlimited = []string{"--login-attempts", "1000000/s", "--register-attempts", "1000000/s", "--access-ttl", "24h", "--sessions-per-account", "1000"}

// startOurs starts our server on a data directory, and signs in.
func (b *bench) startOurs(ctx context.Context, data string, flags ...string) (*server, error) {
	p, err := b.launchAt(ctx, ours, "/dashboard", func(address string) *exec.Cmd {
		args := slices.Concat([]string{"serve", "--addr", address, "--data-dir", data, "--log-format", "json"}, unlimited, flags)
		return exec.Command(b.binary, args...) //nolint:gosec,noctx // stopAll ends it
	})
	if err != nil {
		return nil, err
	}
	s := &server{program: p, login: "/api/auth/login"}
	return s, s.enter(ctx)
}

// enter registers an account, or signs in if it exists, and prepares the
// requests of a browser that is signed in to it.
func (s *server) enter(ctx context.Context) error {
	credentials := map[string]string{"email": email, "password": password}
	got, err := post(ctx, client, s.url+"/api/auth/register", credentials)
	if err == nil && got.Status == http.StatusConflict {
		got, err = want(ctx, s.url+s.login, credentials)
	}
	if err != nil {
		return err
	}
	cookies := got.cookies()
	if cookies == "" {
		return fmt.Errorf("signing in gave no cookies: status %d\n%s", got.Status, got.Body)
	}
	asset, err := asset(ctx, s.url)
	if err != nil {
		return err
	}
	signedOut := get("/dashboard")
	signedOut.status = http.StatusSeeOther
	s.requests = map[string]request{
		"page":         get("/dashboard", "Cookie", cookies),
		"page-brotli":  get("/dashboard", "Cookie", cookies, "Accept-Encoding", browserCodings),
		"signed-out":   signedOut,
		"profile":      get("/api/user/profile", "Cookie", cookies),
		"session":      get("/api/auth/session", "Cookie", cookies),
		"asset":        get(asset),
		"asset-brotli": get(asset, "Accept-Encoding", browserCodings),
	}
	return nil
}

// browserCodings is what browsers accept over https.
const browserCodings = "gzip, deflate, br, zstd"

var scriptOfPage = regexp.MustCompile(`"(/_next/static/[^"]+\.js)"`)

// asset returns the path of the largest script that the start page loads.
func asset(ctx context.Context, url string) (string, error) {
	page, err := ask(ctx, url, get("/"))
	if err != nil {
		return "", err
	}
	sizes := make(map[string]int)
	for _, found := range scriptOfPage.FindAllSubmatch(page.Body, -1) {
		path := string(found[1])
		script, err := ask(ctx, url, get(path))
		if err != nil {
			return "", err
		}
		sizes[path] = len(script.Body)
	}
	if len(sizes) == 0 {
		return "", errors.New("the start page loads no script: is the frontend built?")
	}
	return slices.MaxFunc(slices.Collect(maps.Keys(sizes)), func(a, b string) int { return sizes[a] - sizes[b] }), nil
}

// record keeps the answers of our server for the limit.
func (b *bench) record(ctx context.Context, us *server) error {
	b.asked = us.requests
	answers := make(map[string]answer)
	for key, r := range b.asked {
		got, err := ask(ctx, us.url, r)
		if err != nil {
			return err
		}
		got.Header.Del("Date") // net/http adds its own
		answers["/"+key] = got
	}
	// Not as JSON, which would take longer to read than the limit to start.
	var encoded bytes.Buffer
	if err := gob.NewEncoder(&encoded).Encode(answers); err != nil {
		return err
	}
	return os.WriteFile(b.answers, encoded.Bytes(), 0o600)
}

// startLimit starts the limit with the recorded answers. The requests are the
// same but for their path, which is the name of the row.
func (b *bench) startLimit(ctx context.Context) (*server, error) {
	p, err := b.launchAt(ctx, limit, "/page", func(address string) *exec.Cmd {
		return exec.Command(b.tool("limit"), "-addr", address, "-answers", b.answers) //nolint:gosec,noctx // stopAll ends it
	})
	if err != nil {
		return nil, err
	}
	s := &server{program: p, requests: make(map[string]request)}
	for key, r := range b.asked {
		r.path = "/" + key
		s.requests[key] = r
	}
	return s, nil
}

// startAfternoon starts the afternoon's server and signs in.
func (b *bench) startAfternoon(ctx context.Context) (*server, error) {
	p, err := b.launchAt(ctx, afternoon, "/dashboard", func(address string) *exec.Cmd {
		return exec.Command(b.tool("afternoon"), "-addr", address, "-site", b.site, "-db", filepath.Join(b.scratch, "afternoon.db")) //nolint:gosec,noctx // stopAll ends it
	})
	if err != nil {
		return nil, err
	}
	s := &server{program: p, login: "/api/login"}
	credentials := map[string]string{"email": email, "password": password, "name": "Ada"}
	got, err := want(ctx, p.url+s.login, credentials)
	if err != nil { // the first time
		_, err = want(ctx, p.url+"/api/register", credentials)
		if err == nil {
			got, err = want(ctx, p.url+s.login, credentials)
		}
	}
	if err != nil {
		return nil, err
	}
	signedOut := get("/dashboard")
	signedOut.status = http.StatusSeeOther
	s.requests = map[string]request{
		"page":       get("/dashboard", "Cookie", got.cookies()),
		"signed-out": signedOut,
		"profile":    get("/api/profile", "Cookie", got.cookies()),
	}
	b.copyRequests(s, "asset", "asset-brotli") // it serves the same files
	return s, nil
}

//go:embed nginx.conf
var nginxConf string

var nginxTemplate = template.Must(template.New("nginx.conf").Parse(nginxConf))

// startNginx starts nginx with the exported pages. It lets everybody in who has
// a cookie.
func (b *bench) startNginx(ctx context.Context) (*server, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	if err := nginxTemplate.Execute(&text, map[string]any{"Address": address, "Dir": b.scratch, "Site": b.site, "Root": os.Getuid() == 0}); err != nil {
		return nil, err
	}
	conf := filepath.Join(b.scratch, "nginx.conf")
	if err := os.WriteFile(conf, text.Bytes(), 0o600); err != nil {
		return nil, err
	}
	p, err := b.launch(ctx, nginx, address, "/dashboard", exec.Command(b.nginx, "-c", conf, "-e", filepath.Join(b.scratch, "nginx-error.log"))) //nolint:gosec,noctx // stopAll ends it
	if err != nil {
		return nil, err
	}
	s := &server{program: p, requests: make(map[string]request)}
	b.copyRequests(s, "page", "signed-out", "asset")
	return s, nil
}

// copyRequests gives a server requests that are the same as ours.
func (b *bench) copyRequests(s *server, keys ...string) {
	for _, key := range keys {
		if r, recorded := b.asked[key]; recorded {
			s.requests[key] = r
		}
	}
}

// findNginx returns the path of nginx, which on Debian only root has in PATH,
// or the empty string.
func findNginx() string {
	for _, name := range []string{"nginx", "/usr/sbin/nginx"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// launchAt starts a program on a free address.
func (b *bench) launchAt(ctx context.Context, name, path string, command func(address string) *exec.Cmd) (*program, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	return b.launch(ctx, name, address, path, command(address))
}

// launch starts a program, and stopAll stops it.
func (b *bench) launch(ctx context.Context, name, address, path string, cmd *exec.Cmd) (*program, error) {
	p, err := launch(ctx, name, address, path, filepath.Join(b.scratch, name+".log"), cmd)
	if err == nil {
		b.running = append(b.running, p)
	}
	return p, err
}
