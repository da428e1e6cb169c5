// Package config owns the settings of a server. Each is written once, as a
// tagged field of a group. Its flag, its variable, its default, --help and the
// README's table come from that field. All faults are reported together. It leans
// on kong to read flags, and on origin and secret to read their values. Only cli
// and server read it.
package config

import (
	"log/slog"
	"net"
	"net/netip"
	"path/filepath"
	"time"

	"lychgate/server/origin"
)

//go:generate go test -run TestREADME -update .

// Config is all settings of a server. Commands that need only some of them
// embed the groups. The tags of a field are:
//
//	name          its flag; the variable is LYCHGATE_ and the name in capitals, with _ for -
//	default       its default, as a flag would give it
//	unset         what applies if there is no default, in words
//	help          what it means, in whole sentences
//	placeholder   what stands for the value in --help
//	min, max      the bounds of a number or a duration
//	oneof         the words it can be
//	type          how it is read, where the Go type does not say it
//	secret        it has no flag: only a variable, or a file that VARIABLE_FILE names
type Config struct {
	Listening
	Proxies
	TLS
	Installation
	Secrets
	Tokens
	Sessions
	Passwords
	Limits
	Accounts
	Audit
	Logging
	Development
}

// Installation says which installation to work on.
type Installation struct {
	DataDir string `name:"data-dir" type:"directory" default:"./lychgate-data" placeholder:"DIR" help:"Directory of the database (lychgate.db) and of the generated secret; created with mode 0700 if it is missing."`
}

// Secrets is what opens what is sealed in the database.
type Secrets struct {
	Secret string `name:"secret" type:"secret" secret:"" unset:"generated in the data directory" help:"The secret that decrypts the signing keys in the database: at least 32 bytes, and not a sample secret from documentation."`
}

// Listening is where the server listens, and the address it is known by.
type Listening struct {
	Addr            string        `name:"addr" type:"address" default:"localhost:8080" placeholder:"HOST:PORT" help:"Address to listen on. Port 0 picks a free one; the ready line on standard output names it."`
	Origin          origin.Origin `name:"origin" unset:"from --addr" placeholder:"URL" help:"The public origin, https://… in production. Plain http is refused on a host that is not loopback, unless --insecure-cookies is given."`
	InsecureCookies bool          `name:"insecure-cookies" default:"false" help:"Allows plain http on a network that you trust. Every start warns about it."`
	IdleTimeout     time.Duration `name:"idle-timeout" default:"120s" min:"1s" max:"1h" placeholder:"D" help:"How long a connection is kept open for its next request. Keep it longer than your load balancer does (60s is common): otherwise the balancer can send a request on a connection that is just being closed, and its client gets a 502."`
}

// Proxies are the trusted proxies.
type Proxies struct {
	TrustedProxies []netip.Prefix `name:"trusted-proxy" placeholder:"CIDR" help:"Address or range of proxies whose X-Forwarded-For (with or without ports) and X-Forwarded-Proto are trusted. Repeat the flag for more; in the variable, separate them with commas."`
}

// TLS is how https is served.
type TLS struct {
	TLSCert        string `name:"tls-cert" placeholder:"FILE" help:"Certificate for HTTPS and HTTP/2. A changed file is read within seconds, or at once on SIGHUP."`
	TLSKey         string `name:"tls-key" placeholder:"FILE" help:"Private key of --tls-cert."`
	HSTSSubdomains bool   `name:"hsts-subdomains" default:"false" help:"Adds includeSubDomains to Strict-Transport-Security, which is sent over https only."`
}

// Tokens is how long access tokens are valid.
type Tokens struct {
	AccessTTL time.Duration `name:"access-ttl" type:"seconds" default:"15m" min:"1s" max:"24h" placeholder:"D" help:"Lifetime of an access token: whole seconds only."`
}

// Sessions is how long sessions last, and how many an account can have.
type Sessions struct {
	SessionIdle  time.Duration `name:"session-idle" default:"168h" min:"1s" max:"87600h" placeholder:"D" help:"A session ends after this long without use."`
	SessionMax   time.Duration `name:"session-max" default:"720h" min:"1s" max:"87600h" placeholder:"D" help:"A session ends after this long in any case."`
	SessionLimit int           `name:"sessions-per-account" default:"100" min:"1" max:"1000" placeholder:"N" help:"The maximum number of sessions per account; a sign-in beyond that revokes the least recently used session."`
	RefreshGrace time.Duration `name:"refresh-grace" default:"30s" min:"0s" max:"1h" placeholder:"D" help:"How long after a rotation the previous refresh token still gives the same successor. It is at least a second in effect, because otherwise tabs that wake at the same moment would sign each other out."`
}

// Passwords is what new passwords must be, and how they are hashed.
type Passwords struct {
	BcryptCost  int `name:"bcrypt-cost" default:"12" min:"10" max:"16" placeholder:"N" help:"Cost of password hashes. An account gets a changed cost at its next sign-in."`
	PasswordMin int `name:"password-min" default:"8" min:"8" max:"256" placeholder:"N" help:"Minimum length of a new password, in characters."`
}

// Limits is how often strangers can try.
type Limits struct {
	LoginAttempts    Rate `name:"login-attempts" default:"10/m" placeholder:"N/m" help:"Failed sign-ins allowed per pair of account and address, as N/s, N/m or N/h. Each address and each account is allowed five times as many in total."`
	RegisterAttempts Rate `name:"register-attempts" default:"5/m" placeholder:"N/m" help:"Registrations allowed per address, as N/s, N/m or N/h."`
}

// Accounts is who can have one, and who helps people with theirs.
type Accounts struct {
	Signup  string `name:"signup" default:"open" oneof:"open,closed" placeholder:"WORD" help:"When closed, only the command line creates accounts."`
	Support string `name:"support" type:"contact" placeholder:"CONTACT" help:"Whom people can ask for help, for example about a forgotten password: an e-mail address or an https URL. The sign-in pages show it."`
}

// Audit is how long the audit log goes back.
type Audit struct {
	AuditDays int `name:"audit-days" default:"90" min:"1" max:"3650" placeholder:"N" help:"How long the audit log is kept, in days."`
}

// Logging is what the log, on standard error, says and how.
type Logging struct {
	LogFormat string     `name:"log-format" default:"auto" oneof:"auto,text,json" placeholder:"WORD" help:"Format of the log on standard error; auto means text on a terminal, JSON otherwise."`
	LogLevel  slog.Level `name:"log-level" default:"info" oneof:"debug,info,warn,error" placeholder:"WORD" help:"The least severe level that is logged."`
	AccessLog string     `name:"access-log" default:"on" oneof:"on,off,errors" placeholder:"WORD" help:"Whether requests are logged; errors means only those answered with a status of 400 or more, or cut off."`
}

// Development is for work on the frontend.
type Development struct {
	FrontendDev origin.Origin `name:"frontend-dev" placeholder:"URL" help:"For development: serves the pages from next dev at this loopback URL instead of the embedded ones."`
}

// Rate is a number of attempts per unit of time.
type Rate struct {
	Attempts int
	Per      time.Duration
}

// DatabasePath is where the SQLite database is.
func (i Installation) DatabasePath() string { return filepath.Join(i.DataDir, "lychgate.db") }

// SecretPath is where the generated secret is.
func (i Installation) SecretPath() string { return filepath.Join(i.DataDir, "secret") }

// SignupClosed reports whether only the command line creates accounts.
func (a Accounts) SignupClosed() bool { return a.Signup == "closed" }

// AuditKeep is how long lines of the audit log are kept.
func (a Audit) AuditKeep() time.Duration { return time.Duration(a.AuditDays) * 24 * time.Hour }

// WideProxies returns trusted ranges so wide that they include strangers, who
// could then claim any address.
func (p Proxies) WideProxies() (wide []netip.Prefix) {
	privateIPv6 := netip.MustParsePrefix("fc00::/7")
	for _, proxy := range p.TrustedProxies {
		least := 8
		if proxy.Addr().Is6() {
			least = 16
		}
		private := proxy.Bits() >= privateIPv6.Bits() && privateIPv6.Contains(proxy.Addr())
		if proxy.Bits() < least && !private {
			wide = append(wide, proxy)
		}
	}
	return wide
}

// OriginOf returns the configured origin, or the one that follows from the
// address that the server listens on.
func (c Config) OriginOf(listening net.Addr) origin.Origin {
	if c.Origin != (origin.Origin{}) {
		return c.Origin
	}
	_, port, err := net.SplitHostPort(listening.String())
	if err != nil {
		return origin.Origin{} // not a TCP address: belongs to nobody
	}
	return c.defaultOrigin(port)
}

// defaultOrigin is the origin of the listening address, with a port that is
// known only once it listens.
func (c Config) defaultOrigin(port string) origin.Origin {
	scheme := "http"
	if c.TLSCert != "" {
		scheme = "https"
	}
	host, _, _ := net.SplitHostPort(c.Addr) // checked when it was read
	if unspecified, err := netip.ParseAddr(host); host == "" || err == nil && unspecified.IsUnspecified() {
		host = "localhost"
	}
	return origin.New(scheme, host, port)
}
