// Package server builds every part in order, runs them, and stops them. It is
// the one place where features meet; they do not know each other through it.
package server

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"lychgate/server/access"
	"lychgate/server/account"
	"lychgate/server/auth"
	"lychgate/server/clock"
	"lychgate/server/config"
	"lychgate/server/listen"
	"lychgate/server/origin"
	"lychgate/server/session"
	"lychgate/server/store"
	"lychgate/server/token"
	"lychgate/server/user"
	"lychgate/server/web"
)

// Environment is what a server is given besides its configuration.
type Environment struct {
	Site fs.FS // the exported pages
	// Partial says that Site may lack pages that access.json names: it is the
	// placeholder of a frontend that was not built, or made for a test.
	Partial bool
	// Access says who may have which page; nil stands for access.json and
	// plans.json.
	Access *access.Policy
	Log    *slog.Logger
	// AccessLog gets a line for each request; nil means that there are none. Whoever
	// made it closes it after Run.
	AccessLog *web.AccessLog
	Now       func() time.Time
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
	store     *store.Store
	keys      *token.Keys
	clock     *clock.Keeper
	sessions  *session.Service
	passwords *user.Passwords
	subjects  *user.Subjects

	listening *listen.Server
	origin    origin.Origin
	log       *slog.Logger
	auditKeep time.Duration
}

// New listens, opens what is stored and builds all parts. When it returns an
// error, nothing is left open.
func New(ctx context.Context, c config.Config, env Environment) (_ *Server, err error) {
	env.Log = web.BoundedLog(env.Log)
	env.WriteTime = cmp.Or(env.WriteTime, 30*time.Second)
	s := &Server{log: env.Log, auditKeep: c.AuditKeep(), listening: &listen.Server{Log: env.Log}}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()

	listener, err := listen.On(ctx, c.Addr, env.Log)
	if err != nil {
		return nil, err
	}
	s.listening.Listeners = append(s.listening.Listeners, listener)
	s.origin = c.OriginOf(listener.Addr())
	if c.TLSCert != "" {
		if s.listening.Certificate, err = listen.LoadCertificate(c.TLSCert, c.TLSKey, s.origin.Host(), env.Log, env.Now); err != nil {
			return nil, err
		}
	}

	accounts, err := OpenAccounts(ctx, c, env)
	if err != nil {
		return nil, err
	}
	s.store, s.keys, s.passwords = accounts.Store, accounts.Keys, accounts.Passwords
	s.build(c, accounts, env)
	for _, begin := range []func(context.Context) error{s.store.Poll, s.clock.Check, s.passwords.RestoreLimits} {
		if err := begin(ctx); err != nil {
			return nil, err
		}
	}

	policy, err := env.policy()
	if err != nil {
		return nil, err
	}
	guard, err := newGuard(c, s.origin, policy, env)
	if err != nil {
		return nil, err
	}

	cookies := web.NewCookies(s.origin, c.InsecureCookies)
	authenticator := session.Authenticator{Sessions: s.sessions, Cookies: cookies}
	parts := features{
		auth: auth.Handlers{
			Service:  &auth.Service{Store: s.store, Sessions: s.sessions, Passwords: s.passwords, SignupClosed: c.SignupClosed()},
			Sessions: s.sessions, Subjects: s.subjects, Cookies: cookies, Support: c.Support,
		},
		account: account.Handlers{Store: s.store, Passwords: s.passwords, Sessions: s.sessions, Subjects: s.subjects, Cookies: cookies},
		service: service{store: s.store, keys: s.keys, listening: s.listening, document: Contract},
	}

	e := echo.New()
	e.HTTPErrorHandler = web.ErrorHandler(env.Log)
	proxies := web.NewProxies(c.TrustedProxies, env.Log)
	e.IPExtractor = proxies.Address
	e.Pre(web.Steps(env.WriteTime,
		web.InFlight(&s.listening.InFlight, &s.listening.Draining),
		web.Trace(web.Tracing{Log: env.AccessLog, Probe: isProbe}), //nolint:contextcheck // each request is logged in its own context
		proxies.Watch(),
		web.SecurityHeaders(s.origin, c.HSTSSubdomains, proxies),
		ownResources,
		web.OwnHost(s.origin, outsideAPI),
		web.SameOrigin(),
		web.Authenticate(web.Checks{
			Authenticate: func(c echo.Context, depth web.Depth) (access.Identity, error) {
				return authenticator.Authenticate(c.Request(), c.Response().Header(), web.ClientOf(c), depth)
			},
			Subject: s.subjects.Of,
			Policy:  policy,
			Now:     env.Now,
		}),
		guard,
	))
	table := routes(parts)
	if err := checkNeeds(table, policy); err != nil {
		return nil, err
	}
	register(e, table)

	s.listening.HTTP = &http.Server{
		Handler:                      e,
		ReadHeaderTimeout:            4 * time.Second,
		ReadTimeout:                  15 * time.Second,
		WriteTimeout:                 env.WriteTime,
		IdleTimeout:                  c.IdleTimeout,
		ConnContext:                  web.WithPeer,
		HTTP2:                        &http.HTTP2Config{WriteByteTimeout: env.WriteTime},
		MaxHeaderBytes:               32 << 10,
		DisableGeneralOptionsHandler: true,
		ErrorLog:                     slog.NewLogLogger(env.Log.Handler(), slog.LevelDebug),
	}
	return s, nil
}

// build makes the parts that know sessions, and lets them listen to the feed of
// changes.
func (s *Server) build(c config.Config, accounts *Accounts, env Environment) {
	s.subjects = user.NewSubjects(s.store)
	s.sessions = accounts.Sessions(c, s.origin, env)
	s.clock = &clock.Keeper{
		Clock: clock.New(env.Now), Sweeps: &clock.Sweeps{}, Store: s.store,
		ReplaceKeys: s.keys.Replace, Reread: s.reread, SaveLastSeen: s.sessions.LastSeen.SaveAll,
		Now: env.Now, Log: env.Log,
	}
	s.sessions.Settle = s.clock.Settle
	s.store.CareFor(s.clock)
	s.store.Listen(store.SessionChange, s.sessions.Revoked.Heard)
	s.store.Listen(store.SubjectChange, s.subjects.Heard)
	s.store.Listen(store.KeyChange, s.keys.Heard)
	s.store.Listen(store.LimitChange, s.passwords.Heard)
}

// reread follows a correction of stored times.
func (s *Server) reread(ctx context.Context) error {
	s.sessions.Began.Drop()
	return s.keys.Poll(ctx)
}

// Origin returns the public origin.
func (s *Server) Origin() origin.Origin { return s.origin }

// Address returns the URL to reach the server locally: the origin, where that
// follows from the listening address, and else that address.
func (s *Server) Address() string {
	scheme, address := s.listening.Scheme(), s.listening.Listeners[0].Addr().String()
	if _, port, err := net.SplitHostPort(address); err == nil && s.origin == origin.New(scheme, s.origin.Host(), port) {
		return s.origin.String()
	}
	return scheme + "://" + address
}

// Reload reads the TLS certificate again at once, if there is one. Nothing that
// is being answered notices.
func (s *Server) Reload() {
	if s.listening.Certificate != nil {
		s.listening.Certificate.Look()
	}
}

// Run answers requests until ctx ends, then finishes those it is answering, and
// closes everything.
func (s *Server) Run(ctx context.Context) error {
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	wait := s.work(background)
	err := s.listening.Run(ctx, background)
	stop()
	err = errors.Join(err, wait())
	saving, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	return errors.Join(err, s.saveLastSeen(saving), s.close())
}

// close closes what New has opened.
func (s *Server) close() error {
	err := s.listening.Close()
	if s.store != nil {
		err = errors.Join(err, s.store.Close())
	}
	return err
}
