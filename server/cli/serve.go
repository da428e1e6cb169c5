package cli

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
	"golang.org/x/term"

	"lychgate/server"
	"lychgate/server/config"
	"lychgate/server/origin"
)

// installation are the flags that say which installation a command works on.
type installation struct {
	DataDir  string `name:"data-dir" default:"./lychgate-data" placeholder:"DIR" help:"Holds the database lychgate.db and the generated secret. (${default})"`
	Database string `name:"database" placeholder:"URL" help:"A database other than SQLite in the data directory."`
}

// passwords are the flags of commands that take new passwords.
type passwords struct {
	BcryptCost  string `name:"bcrypt-cost" default:"12" placeholder:"N" help:"Cost of password hashes, 10 to 16. (${default})"`
	PasswordMin string `name:"password-min" default:"8" placeholder:"N" help:"Least length of a new password, in characters. (${default})"`
}

// serveCommand has all flags as text, so that config can report every fault
// at once.
type serveCommand struct {
	installation
	passwords
	Addr             string   `name:"addr" default:"localhost:8080" placeholder:"HOST:PORT" help:"Listening address; port 0 picks one. (${default})"`
	Origin           string   `name:"origin" placeholder:"URL" help:"The public origin, https://… in production. (by default http:// and the address)"`
	IdleTimeout      string   `name:"idle-timeout" default:"120s" placeholder:"D" help:"A connection is kept this long for its next request; keep it longer than a load balancer does. (${default})"`
	AccessTTL        string   `name:"access-ttl" default:"15m" placeholder:"D" help:"Life of an access token. (${default})"`
	SessionIdle      string   `name:"session-idle" default:"168h" placeholder:"D" help:"A session ends after this long unused. (${default})"`
	SessionMax       string   `name:"session-max" default:"720h" placeholder:"D" help:"A session ends after this long in any case. (${default})"`
	RefreshGrace     string   `name:"refresh-grace" default:"30s" placeholder:"D" help:"For this long after a rotation the previous refresh token still gives the same successor; for a second in any case. (${default})"`
	SessionLimit     string   `name:"sessions-per-account" default:"100" placeholder:"N" help:"Sessions of an account, 1 to 1000; a sign-in past that revokes those least recently used. (${default})"`
	LoginAttempts    string   `name:"login-attempts" default:"10/m" placeholder:"N/m" help:"Failed sign-ins per account and address; five times as many per address and per account. N/s, N/m or N/h. (${default})"`
	RegisterAttempts string   `name:"register-attempts" default:"5/m" placeholder:"N/m" help:"Registrations per address. (${default})"`
	AuditDays        string   `name:"audit-days" default:"90" placeholder:"N" help:"Days for which lines of the audit log are kept, 1 to 3650. (${default})"`
	Signup           string   `name:"signup" default:"open" placeholder:"open|closed" help:"closed: only the command line makes accounts. (${default})"`
	TrustedProxy     []string `name:"trusted-proxy" placeholder:"CIDR" help:"Peers whose X-Forwarded-For and -Proto are believed; repeatable."`
	TLSCert          string   `name:"tls-cert" placeholder:"FILE" help:"Serve HTTPS with this certificate; read again when it changes."`
	TLSKey           string   `name:"tls-key" placeholder:"FILE" help:"The private key of --tls-cert."`
	InsecureCookies  toggle   `name:"insecure-cookies" default:"false" help:"For plain http on a network that you trust."`
	HSTSSubdomains   toggle   `name:"hsts-subdomains" default:"false" help:"Adds includeSubDomains to Strict-Transport-Security."`
	FrontendDev      string   `name:"frontend-dev" placeholder:"URL" help:"For development: show the pages of the next dev at this address on this machine, instead of the embedded ones."`
	LogFormat        string   `name:"log-format" default:"auto" placeholder:"auto|text|json" help:"auto: text on a terminal, JSON otherwise. (${default})"`
	LogLevel         string   `name:"log-level" default:"info" placeholder:"LEVEL" help:"debug, info, warn or error. (${default})"`
}

// toggle is a flag that needs no value and keeps the one it has as text.
type toggle string

// IsBool tells kong that the flag may stand alone.
func (toggle) IsBool() bool { return true }

// Decode reads the value, if there is one.
func (t *toggle) Decode(ctx *kong.DecodeContext) error {
	*t = "true"
	if ctx.Scan.Peek().Type == kong.FlagValueToken {
		*t = toggle(fmt.Sprint(ctx.Scan.Pop().Value))
	}
	return nil
}

// Run serves until a signal comes.
func (s *serveCommand) Run(p *process) error {
	flags, err := s.flags(p)
	settings, faults := config.Check(flags)
	if err := errors.Join(err, faults); err != nil {
		return usageError{err}
	}
	env := server.Environment{Site: p.site.Files, Partial: !p.site.Built, Log: p.logger(settings), Now: time.Now, HashWorkers: ownThreads()}
	if settings.InsecureCookies {
		// At whatever level is logged, for this must not be missed.
		env.Log.Log(p.ctx, max(settings.LogLevel, slog.LevelWarn), "--insecure-cookies: cookies and passwords can be read by everybody on the network")
	}
	switch {
	case settings.FrontendDev != (origin.Origin{}):
		env.Log.Warn("development: the pages come from next dev, without the policies of a build", "frontend", settings.FrontendDev.String())
	case !p.site.Built:
		env.Log.Warn("THE FRONTEND IS NOT IN THIS BINARY: only a placeholder page is served. Build it with `make build`, or with `npm ci && npm run build` before `go run .`")
	}
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)
	running, err := server.New(p.ctx, settings, env)
	if err != nil {
		return err
	}
	for _, warning := range p.warnings(settings) { // the secret is there now
		env.Log.Warn(warning)
	}
	done := make(chan struct{})
	defer close(done)
	go func() {
		for {
			select {
			case <-hangups:
				running.Reload(p.ctx)
			case <-done:
				return
			}
		}
	}()
	address := running.Address()
	env.Log.Info("ready", "url", address, "origin", running.Origin().String())
	// This line is for people and scripts, whatever the log level is.
	if _, err := fmt.Fprintf(p.stdout, "lychgate is ready at %s\n", address); err != nil {
		env.Log.Warn("the ready line could not be printed", "error", err)
	}
	return running.Run(p.ctx)
}

// ownThreads makes room for one thread per core that only hashes passwords,
// beside those that answer requests, and returns how many these are.
func ownThreads() int {
	cores := runtime.GOMAXPROCS(0)
	runtime.GOMAXPROCS(2 * cores)
	return cores
}

func (s *serveCommand) flags(p *process) (config.Flags, error) {
	flags, err := s.installation.flags(p)
	s.set(&flags)
	flags.Addr, flags.Origin = s.Addr, s.Origin
	flags.IdleTimeout = s.IdleTimeout
	flags.AccessTTL, flags.SessionIdle, flags.SessionMax, flags.RefreshGrace = s.AccessTTL, s.SessionIdle, s.SessionMax, s.RefreshGrace
	flags.SessionLimit = s.SessionLimit
	flags.LoginAttempts, flags.RegisterAttempts, flags.Signup = s.LoginAttempts, s.RegisterAttempts, s.Signup
	flags.AuditDays = s.AuditDays
	flags.TrustedProxy, flags.TLSCert, flags.TLSKey = s.TrustedProxy, s.TLSCert, s.TLSKey
	flags.InsecureCookies, flags.HSTSSubdomains = string(s.InsecureCookies), string(s.HSTSSubdomains)
	flags.FrontendDev = s.FrontendDev
	flags.LogFormat, flags.LogLevel = s.LogFormat, s.LogLevel
	return flags, err
}

func (w *passwords) set(flags *config.Flags) {
	flags.BcryptCost, flags.PasswordMin = w.BcryptCost, w.PasswordMin
}

// flags returns the settings of an installation, with the defaults of all
// others.
func (i *installation) flags(p *process) (config.Flags, error) {
	flags := config.Defaults()
	flags.DataDir = i.DataDir
	var secretErr, databaseErr error
	flags.Secret, secretErr = p.secretSetting("LYCHGATE_SECRET", "")
	flags.Database, databaseErr = p.secretSetting("LYCHGATE_DATABASE", i.Database)
	return flags, errors.Join(secretErr, databaseErr)
}

// secretSetting returns a setting that may stand in a file, named by the
// variable with _FILE added; given is what the flag says.
func (p *process) secretSetting(variable, given string) (string, error) {
	if given == "" {
		given = p.getenv(variable)
	}
	file := p.getenv(variable + "_FILE")
	if file == "" {
		return given, nil
	}
	if given != "" {
		return "", fmt.Errorf("%s_FILE %q: the same setting is also given directly; give one of them", variable, file)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("%s_FILE %q: %w", variable, file, err)
	}
	value := strings.TrimSpace(string(text))
	if value == "" { // not the same as none: a mount may have failed
		return "", fmt.Errorf("%s_FILE %q: the file is empty", variable, file)
	}
	return value, nil
}

func (p *process) logger(settings config.Config) *slog.Logger {
	options := &slog.HandlerOptions{Level: settings.LogLevel}
	terminal, ok := p.stderr.(*os.File)
	onTerminal := ok && term.IsTerminal(int(terminal.Fd()))
	if settings.LogFormat == "text" || settings.LogFormat == "auto" && onTerminal {
		return slog.New(slog.NewTextHandler(p.stderr, options))
	}
	return slog.New(slog.NewJSONHandler(p.stderr, options))
}
