//go:build linux

package main

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// The peers, by the names they have in docs/performance.json.
const (
	nextjs     = "next"
	betterAuth = "better-auth"
	pocketBase = "pocketbase"
)

const (
	pocketBaseModule = "github.com/pocketbase/pocketbase/examples/base@v0.36.8"
	peersSource      = "server/bench/peers" // package.json pins the others
	peersSecret      = "the secret of peers that are only measured"
)

// measurePeers measures other products with the same work. None of them does
// all that ours does, so each is measured with what it can do.
func (b *bench) measurePeers(ctx context.Context) error {
	keys := []string{"page", "profile"}
	if !b.wants(keys...) {
		return nil
	}
	if err := b.installPeers(ctx); err != nil {
		return err
	}
	return b.race(ctx, keys, []starter{b.startNext, b.startBetterAuth, b.startPocketBase})
}

// installPeers installs the peers in the cache of this user, unless it has done
// so before.
func (b *bench) installPeers(ctx context.Context) error {
	cache, err := os.UserCacheDir()
	if err != nil {
		return err
	}
	version, err := sumOf(os.DirFS(peersSource))
	if err != nil {
		return err
	}
	b.installed = filepath.Join(cache, "lychgate-bench", version)
	if _, err := os.Stat(filepath.Join(b.installed, "base")); err == nil {
		return nil // what is installed last is there
	}
	say("Installing the peers into %s (some minutes, once).", b.installed)
	if err := errors.Join(os.RemoveAll(b.installed), os.CopyFS(b.installed, os.DirFS(peersSource))); err != nil {
		return err
	}
	for _, step := range []struct {
		in      string
		command []string
	}{
		{"", []string{"npm", "ci"}},
		{"next", []string{"npx", "--no-install", "next", "build"}},
		{"", []string{"go", "install", pocketBaseModule}},
	} {
		cmd := exec.CommandContext(ctx, step.command[0], step.command[1:]...) //nolint:gosec // its arguments are ours
		cmd.Dir = filepath.Join(b.installed, step.in)
		cmd.Env = append(os.Environ(), "GOBIN="+b.installed, "CGO_ENABLED=0", "NEXT_TELEMETRY_DISABLED=1")
		if _, err := os.Stat("/usr/include/node/node.h"); err == nil {
			// Debian has Node's headers, so node-gyp need not fetch them.
			cmd.Env = append(cmd.Env, "npm_config_nodedir=/usr")
		}
		if output, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%v: %w\n%s", step.command, err, output)
		}
	}
	return nil
}

// sumOf names the content of a directory.
func sumOf(directory fs.FS) (string, error) {
	sum := sha256.New()
	err := fs.WalkDir(directory, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(directory, path)
		fmt.Fprintf(sum, "%s %d\n%s", path, len(text), text)
		return err
	})
	fmt.Fprint(sum, pocketBaseModule)
	return fmt.Sprintf("%x", sum.Sum(nil)[:6]), err
}

// startNext starts next start, with an account in its database.
func (b *bench) startNext(ctx context.Context) (*server, error) {
	file := filepath.Join(b.scratch, "next.db")
	if err := makeAccount(ctx, file); err != nil {
		return nil, err
	}
	p, err := b.launchAt(ctx, nextjs, "/dashboard", func(address string) *exec.Cmd {
		host, port, _ := strings.Cut(address, ":")
		cmd := exec.Command("node", "../node_modules/next/dist/bin/next", "start", "--hostname", host, "--port", port) //nolint:gosec,noctx // stopAll ends it
		cmd.Dir = filepath.Join(b.installed, "next")
		return withEnv(cmd, address, file)
	})
	if err != nil {
		return nil, err
	}
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.RegisteredClaims{
		Subject: "1", ExpiresAt: jwt.NewNumericDate(time.Now().Add(24 * time.Hour)),
	}).SignedString([]byte(peersSecret))
	return &server{program: p, warmUp: 8, requests: map[string]request{
		"page":    get("/dashboard", "Cookie", "token="+token),
		"profile": get("/api/user/profile", "Cookie", "token="+token),
	}}, err
}

// makeAccount makes a database with one account.
func makeAccount(ctx context.Context, file string) (err error) {
	db, err := sql.Open("sqlite", file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	_, err = db.ExecContext(ctx, `
		CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT NOT NULL, name TEXT NOT NULL, created_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP);
		INSERT INTO users (email, name) VALUES ('ada@example.com', 'Ada')`)
	return err
}

// startBetterAuth starts better-auth on Node and signs up.
func (b *bench) startBetterAuth(ctx context.Context) (*server, error) {
	p, err := b.launchAt(ctx, betterAuth, "/", func(address string) *exec.Cmd {
		cmd := exec.Command("node", "better-auth.mjs") //nolint:noctx // stopAll ends it
		cmd.Dir = b.installed
		return withEnv(cmd, address, filepath.Join(b.scratch, "better-auth.db"))
	})
	if err != nil {
		return nil, err
	}
	got, err := want(ctx, p.url+"/api/auth/sign-up/email", map[string]string{"email": email, "password": password, "name": "Ada"})
	if err != nil {
		return nil, err
	}
	return &server{program: p, warmUp: 8, requests: map[string]request{
		"profile": get("/api/auth/get-session", "Cookie", got.cookies()),
	}}, nil
}

// startPocketBase starts PocketBase and signs in.
func (b *bench) startPocketBase(ctx context.Context) (*server, error) {
	base, data := filepath.Join(b.installed, "base"), filepath.Join(b.scratch, "pocketbase")
	// Without an administrator it would open a browser.
	upsert := exec.CommandContext(ctx, base, "superuser", "upsert", "admin@example.com", password, "--dir", data) //nolint:gosec // installed above
	if output, err := upsert.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("pocketbase: %w\n%s", err, output)
	}
	p, err := b.launchAt(ctx, pocketBase, "/", func(address string) *exec.Cmd {
		return exec.Command(base, "serve", "--http", address, "--dir", data) //nolint:gosec,noctx // stopAll ends it
	})
	if err != nil {
		return nil, err
	}
	users := p.url + "/api/collections/users"
	if _, err := want(ctx, users+"/records", map[string]string{"email": email, "password": password, "passwordConfirm": password, "name": "Ada"}); err != nil {
		return nil, err
	}
	got, err := want(ctx, users+"/auth-with-password", map[string]string{"identity": email, "password": password})
	if err != nil {
		return nil, err
	}
	var given struct {
		Token  string
		Record struct{ ID string }
	}
	if err := got.decode(&given); err != nil {
		return nil, err
	}
	return &server{program: p, requests: map[string]request{
		"profile": get("/api/collections/users/records/"+given.Record.ID, "Authorization", given.Token),
	}}, nil
}

// withEnv tells a peer on Node where to listen and where its database is.
func withEnv(cmd *exec.Cmd, address, database string) *exec.Cmd {
	cmd.Env = append(os.Environ(), "NODE_ENV=production", "ADDRESS="+address, "DATABASE="+database, "SECRET="+peersSecret)
	return cmd
}
