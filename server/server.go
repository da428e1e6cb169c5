// Package server builds every part in order, runs them, and stops them. It is
// the one place where features meet; they do not know each other through it.
package server

import (
	"cmp"
	"context"
	"crypto/tls"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/labstack/echo/v4"

	"lychgate/server/account"
	"lychgate/server/auth"
	"lychgate/server/config"
	"lychgate/server/database"
	"lychgate/server/origin"
	"lychgate/server/secret"
	"lychgate/server/site"
	"lychgate/server/store"
	"lychgate/server/web"
)

// protectedJSON names the pages that only signed-in people see: each of
// these, and everything below it. The frontend's linter reads the same file.
//
//go:embed protected.json
var protectedJSON []byte

// policyJSON names what pages may load from elsewhere: by directive of the
// Content-Security-Policy, a list of sources beside this origin.
//
//go:embed content-security-policy.json
var policyJSON []byte

// Environment is what a server is given besides its configuration.
type Environment struct {
	Site fs.FS // the exported pages
	Log  *slog.Logger
	Now  func() time.Time
	// HashWorkers is how many passwords are hashed at once, each on a thread
	// of its own; zero counts as one. Requests do not wait for them where Go
	// is given as many threads more (GOMAXPROCS).
	HashWorkers int
	// OnHash, where it is set, is called before every password hash that is
	// worked out, with its cost: tests count hashes and hold them up.
	OnHash func(cost int)
	// WriteTime is how long a client may take nothing of its answer before it
	// is cut off; zero counts as 30 s.
	WriteTime time.Duration
}

// Server is a listening server; Run makes it answer.
type Server struct {
	store        *store.Store
	auth         *auth.Service
	http         *http.Server
	listener     *listener
	origin       origin.Origin
	certificate  *certificate // nil without TLS
	log          *slog.Logger
	contractJSON []byte
	inFlight     atomic.Int64
	draining     atomic.Bool
	connections  connections
}

// New listens, opens what is stored and builds all parts. When it returns an
// error, nothing is left open.
func New(ctx context.Context, c config.Config, env Environment) (_ *Server, err error) {
	env.Log = web.BoundedLog(env.Log)
	env.WriteTime = cmp.Or(env.WriteTime, 30*time.Second)
	s := &Server{log: env.Log}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()

	listening, err := new(net.ListenConfig).Listen(ctx, "tcp", c.Addr)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", c.Addr, err)
	}
	s.listener = &listener{Listener: listening, log: env.Log}
	s.origin = c.OriginOf(s.listener.Addr())
	if c.TLSCert != "" {
		s.certificate = &certificate{certFile: c.TLSCert, keyFile: c.TLSKey, host: s.origin.Host(), log: env.Log, now: env.Now}
		if err := s.certificate.load(); err != nil {
			return nil, err
		}
	}

	service, err := OpenAccounts(ctx, c, s.origin, env)
	if err != nil {
		return nil, err
	}
	s.auth, s.store = service, service.Store
	if err := errors.Join(service.Endings.Poll(ctx), service.CheckClock(ctx), service.RestoreLimits(ctx)); err != nil {
		return nil, err
	}

	guard, err := newGuard(c, env)
	if err != nil {
		return nil, err
	}
	if s.contractJSON, err = contractJSON(); err != nil {
		return nil, err
	}

	cookies := web.NewCookies(s.origin, c.InsecureCookies)
	parts := features{
		auth:    &auth.Handlers{Service: service, Cookies: cookies},
		account: &account.Handlers{Store: s.store, Auth: service, Cookies: cookies},
	}

	e := echo.New()
	e.HTTPErrorHandler = web.ErrorHandler(env.Log)
	proxies := web.NewProxies(c.TrustedProxies, env.Log)
	e.IPExtractor = proxies.Address
	e.Pre(
		web.InFlight(&s.inFlight, &s.draining),
		web.Trace(web.Tracing{Log: env.Log, Probe: isProbe, WriteTime: env.WriteTime}), //nolint:contextcheck // each request is logged in its own context
		proxies.Watch(),
		web.SecurityHeaders(s.origin, c.HSTSSubdomains, proxies),
		ownResources,
		web.OwnHost(s.origin, outsideAPI),
		web.SameOrigin(),
		web.WhoIsCalling(parts.auth.Identify),
		guard,
	)
	register(e, s.routes(parts))

	s.http = &http.Server{
		Handler:                      e,
		ConnState:                    s.connections.note,
		ReadHeaderTimeout:            4 * time.Second,
		ReadTimeout:                  15 * time.Second,
		WriteTimeout:                 env.WriteTime,
		IdleTimeout:                  c.IdleTimeout,
		HTTP2:                        &http.HTTP2Config{WriteByteTimeout: env.WriteTime},
		MaxHeaderBytes:               32 << 10,
		DisableGeneralOptionsHandler: true,
		ErrorLog:                     slog.NewLogLogger(env.Log.Handler(), slog.LevelDebug),
	}
	if s.certificate != nil {
		s.http.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: s.certificate.get}
	}
	return s, nil
}

// newGuard returns the guard with the pages behind it: the embedded ones, or
// those of a `next dev`.
func newGuard(c config.Config, env Environment) (echo.MiddlewareFunc, error) {
	options := site.Options{Routed: outsideAPI}
	if err := json.Unmarshal(protectedJSON, &options.Protected); err != nil {
		return nil, fmt.Errorf("read protected.json, which must be a list of paths: %w", err)
	}
	if err := json.Unmarshal(policyJSON, &options.Sources); err != nil {
		return nil, fmt.Errorf(`read content-security-policy.json, which must be an object such as {"img-src": ["https://images.example.com"]}: %w`, err)
	}
	if c.FrontendDev == (origin.Origin{}) {
		pages, err := site.New(env.Site, options)
		if err != nil {
			return nil, fmt.Errorf("read the embedded site: %w", err)
		}
		return pages.Guard(), nil
	}
	target, err := url.Parse(c.FrontendDev.String())
	if err != nil {
		return nil, fmt.Errorf("read --frontend-dev: %w", err)
	}
	pages, err := site.NewDev(target, options)
	if err != nil {
		return nil, fmt.Errorf("stand before %s: %w", target, err)
	}
	return pages.Guard(), nil
}

// OpenAccounts opens the database and the secret of an installation, making
// both when there are none and bringing the schema up to date, and returns the
// service over them; the caller closes its store.
func OpenAccounts(ctx context.Context, c config.Config, issuer origin.Origin, env Environment) (*auth.Service, error) {
	if err := os.MkdirAll(c.DataDir, 0o700); err != nil {
		return nil, fmt.Errorf("make the data directory: %w", err)
	}
	opener := store.Opener{Waits: func(what string) { env.Log.Warn(what) }}
	s, err := opener.Migrated(ctx, c.DatabasePath())
	if err != nil {
		return nil, WhatToDo(err)
	}
	service, err := Accounts(ctx, c, s, issuer, env)
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return service, nil
}

// WhatToDo adds to an error of opening a database what helps, if that is known.
func WhatToDo(err error) error {
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) {
		return fmt.Errorf("%w: the data directory and what is in it must be writable by the user that runs lychgate; or choose another one with --data-dir", err)
	}
	return err
}

// Accounts is OpenAccounts over a store that is open already. The command line
// uses it beside a running server.
func Accounts(ctx context.Context, c config.Config, s *store.Store, issuer origin.Origin, env Environment) (*auth.Service, error) {
	root, err := OpenRoot(ctx, c, s)
	if err != nil {
		return nil, err
	}
	hasher := secret.NewHasher(root, c.BcryptCost, max(1, env.HashWorkers))
	if env.OnHash != nil {
		hasher.Observe(env.OnHash)
	}
	keys, err := auth.LoadKeys(ctx, s, root, c.AccessTTL, env.Now)
	if err != nil {
		return nil, err
	}
	return &auth.Service{
		Store:         s,
		Keys:          keys,
		Hasher:        hasher,
		Policy:        secret.PasswordPolicy{MinLength: c.PasswordMin},
		AccessTokens:  auth.NewAccessTokens(keys, issuer.String(), c.AccessTTL, env.Now),
		RefreshTokens: auth.NewRefreshTokens(root),
		Endings:       auth.NewEndings(s, c.AccessTTL),
		Limits:        auth.NewLimits(auth.Rate(c.LoginAttempts), auth.Rate(c.RegisterAttempts), env.Now),
		Use:           auth.NewUse(),
		Clock:         auth.NewClock(env.Now),
		Crowded:       make(chan string, 16),
		SignupClosed:  c.SignupClosed,
		SessionIdle:   c.SessionIdle,
		SessionMax:    c.SessionMax,
		RefreshGrace:  c.RefreshGrace,
		AccessTTL:     c.AccessTTL,
		AuditKeep:     c.AuditKeep,
		SessionLimit:  c.SessionLimit,
		Now:           env.Now,
		Log:           env.Log,
	}, nil
}

// OpenRoot returns the root secret. One is made only for a database that has
// no keys yet: a new one would open none of them.
func OpenRoot(ctx context.Context, c config.Config, s *store.Store) (secret.Root, error) {
	if c.Secret != "" {
		return secret.NewRoot(c.Secret)
	}
	keys, err := s.Read().SigningKeys(ctx)
	if err != nil {
		return secret.Root{}, err
	}
	if len(keys) == 0 {
		root, err := secret.LoadOrCreateRoot(c.SecretPath())
		return root, errors.Join(err, database.Adopt(c.SecretPath()))
	}
	root, err := secret.LoadRoot(c.SecretPath())
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%s is missing, and the keys in the database can only be used with it: put it back from a backup, or set LYCHGATE_SECRET", c.SecretPath())
	}
	return root, errors.Join(err, database.Adopt(c.SecretPath()))
}

// Origin returns the public origin.
func (s *Server) Origin() origin.Origin { return s.origin }

// Address returns where the server can be asked on this machine: the origin,
// where that follows from the listening address, and else that address.
func (s *Server) Address() string {
	scheme := "http"
	if s.certificate != nil {
		scheme = "https"
	}
	if _, port, err := net.SplitHostPort(s.listener.Addr().String()); err == nil && s.origin == origin.New(scheme, s.origin.Host(), port) {
		return s.origin.String()
	}
	return scheme + "://" + s.listener.Addr().String()
}

// Reload reads the TLS certificate again at once, if there is one. Nothing that
// is being answered notices.
func (s *Server) Reload() {
	if s.certificate != nil {
		s.certificate.look()
	}
}

// Run answers requests until ctx ends, then finishes those it is answering, in
// drainTime at most, and closes everything.
func (s *Server) Run(ctx context.Context) error {
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	var working sync.WaitGroup
	working.Go(func() { s.auth.Follow(background) })
	working.Go(func() { s.auth.Maintain(background) })
	if s.certificate != nil {
		working.Go(func() { s.certificate.follow(background) })
	}

	requests, hurry := context.WithCancel(background)
	defer hurry()
	s.http.BaseContext = func(net.Listener) context.Context { return requests }
	accepting := make(chan error, 1)
	go func() {
		if s.certificate != nil {
			accepting <- s.http.ServeTLS(s.listener, "", "")
		} else {
			accepting <- s.http.Serve(s.listener)
		}
	}()
	var err error
	select {
	case err = <-accepting:
		err = fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
		s.drain(context.WithoutCancel(ctx), accepting, hurry)
	}
	stop()
	working.Wait()
	saving, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	return errors.Join(err, s.auth.SaveUse(saving), s.close())
}

// close closes what New has opened.
func (s *Server) close() error {
	var err error
	if s.listener != nil {
		if err = s.listener.Close(); errors.Is(err, net.ErrClosed) {
			err = nil // by the HTTP server
		}
	}
	if s.store != nil {
		err = errors.Join(err, s.store.Close())
	}
	return err
}
