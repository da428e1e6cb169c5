// Package config owns the settings of a server: what they are, how each is
// read from text, and which combinations make sense. Faults are reported all
// together. It leans on origin and secret; only cli and server read it.
package config

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"lychgate/server/origin"
	"lychgate/server/secret"
)

// Flags are the settings as text, the way flags and environment give them.
type Flags struct {
	Addr             string
	Origin           string
	DataDir          string
	Database         string
	IdleTimeout      string
	AccessTTL        string
	SessionIdle      string
	SessionMax       string
	RefreshGrace     string
	SessionLimit     string
	BcryptCost       string
	LoginAttempts    string
	RegisterAttempts string
	PasswordMin      string
	AuditDays        string
	Signup           string
	TrustedProxy     []string
	TLSCert          string
	TLSKey           string
	InsecureCookies  string
	HSTSSubdomains   string
	FrontendDev      string
	LogFormat        string
	LogLevel         string
	Secret           string
}

// Defaults returns the settings that are left as they are. Those that name a
// default in their flag's tag too are tested to be the same.
func Defaults() Flags {
	return Flags{
		Addr: "localhost:8080", DataDir: "./lychgate-data",
		IdleTimeout: "120s", AccessTTL: "15m", SessionIdle: "168h", SessionMax: "720h", RefreshGrace: "30s", SessionLimit: "100",
		BcryptCost: "12", LoginAttempts: "10/m", RegisterAttempts: "5/m", PasswordMin: "8", AuditDays: "90",
		Signup: "open", InsecureCookies: "false", HSTSSubdomains: "false", LogFormat: "auto", LogLevel: "info",
	}
}

// Config is the settings of a server, checked.
type Config struct {
	Addr             string
	Origin           origin.Origin // the zero one: from the address, once it listens
	DataDir          string
	IdleTimeout      time.Duration // of connections kept for the next request
	AccessTTL        time.Duration
	SessionIdle      time.Duration
	SessionMax       time.Duration
	RefreshGrace     time.Duration
	SessionLimit     int
	BcryptCost       int
	LoginAttempts    Rate
	RegisterAttempts Rate
	PasswordMin      int
	AuditKeep        time.Duration
	SignupClosed     bool
	TrustedProxies   []netip.Prefix
	TLSCert, TLSKey  string // both or neither
	InsecureCookies  bool
	HSTSSubdomains   bool
	FrontendDev      origin.Origin // the zero one: the pages are the embedded ones
	LogFormat        string        // auto, text or json
	LogLevel         slog.Level
	Secret           string // empty: from the data directory
}

// DatabasePath is where the SQLite database lies.
func (c Config) DatabasePath() string { return filepath.Join(c.DataDir, "lychgate.db") }

// SecretPath is where the generated secret lies.
func (c Config) SecretPath() string { return filepath.Join(c.DataDir, "secret") }

// Rate is a number of attempts per unit of time.
type Rate struct {
	Attempts int
	Per      time.Duration
}

// longest is the longest life of a session.
const longest = 10 * 365 * 24 * time.Hour

// Check reads all settings. The error joins every fault, each naming the flag
// and the value.
func Check(flags Flags) (Config, error) {
	r := reader{}
	config := Config{
		Addr:             r.addr("addr", flags.Addr),
		Origin:           r.origin("origin", flags.Origin),
		DataDir:          r.present("data-dir", flags.DataDir),
		IdleTimeout:      r.duration("idle-timeout", flags.IdleTimeout, time.Second, time.Hour),
		AccessTTL:        r.duration("access-ttl", flags.AccessTTL, time.Second, 24*time.Hour),
		SessionIdle:      r.duration("session-idle", flags.SessionIdle, time.Second, longest),
		SessionMax:       r.duration("session-max", flags.SessionMax, time.Second, longest),
		RefreshGrace:     r.duration("refresh-grace", flags.RefreshGrace, 0, time.Hour),
		SessionLimit:     r.between("sessions-per-account", flags.SessionLimit, 1, 1000),
		BcryptCost:       r.between("bcrypt-cost", flags.BcryptCost, 10, 16),
		LoginAttempts:    r.rate("login-attempts", flags.LoginAttempts),
		RegisterAttempts: r.rate("register-attempts", flags.RegisterAttempts),
		PasswordMin:      r.between("password-min", flags.PasswordMin, 8, 256),
		AuditKeep:        time.Duration(r.between("audit-days", flags.AuditDays, 1, 3650)) * 24 * time.Hour,
		SignupClosed:     r.oneOf("signup", flags.Signup, "open", "closed") == "closed",
		TrustedProxies:   r.prefixes("trusted-proxy", flags.TrustedProxy),
		TLSCert:          flags.TLSCert,
		TLSKey:           flags.TLSKey,
		InsecureCookies:  r.toggle("insecure-cookies", flags.InsecureCookies),
		HSTSSubdomains:   r.toggle("hsts-subdomains", flags.HSTSSubdomains),
		FrontendDev:      r.origin("frontend-dev", flags.FrontendDev),
		LogFormat:        r.oneOf("log-format", flags.LogFormat, "auto", "text", "json"),
		LogLevel:         r.level("log-level", flags.LogLevel),
		Secret:           flags.Secret,
	}
	if flags.Database != "" {
		r.fault("database", redact(flags.Database), "PostgreSQL is not supported yet; leave it out to use SQLite in the data directory")
	}
	if config.AccessTTL > time.Second && config.AccessTTL%time.Second != 0 { // tokens tell their times in seconds
		r.fault("access-ttl", flags.AccessTTL, "it must be whole seconds")
	}
	if flags.Secret != "" {
		if _, err := secret.NewRoot(flags.Secret); err != nil {
			r.faults = append(r.faults, fmt.Errorf("LYCHGATE_SECRET: %w", err)) // without its value
		}
	}
	r.checkTLS(flags)
	r.checkOrigin(config, flags)
	r.checkFrontendDev(config, flags)
	return config, errors.Join(r.faults...)
}

// WideProxies returns those of the trusted ranges that hold so much of the
// Internet that strangers are in them, who can then write any address.
func (c Config) WideProxies() (wide []netip.Prefix) {
	privateIPv6 := netip.MustParsePrefix("fc00::/7")
	for _, proxy := range c.TrustedProxies {
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

// OriginOf returns the configured origin, or the one of the address that the
// server listens on.
func (c Config) OriginOf(listening net.Addr) origin.Origin {
	if c.Origin != (origin.Origin{}) {
		return c.Origin
	}
	_, port, err := net.SplitHostPort(listening.String())
	if err != nil {
		return origin.Origin{} // not a TCP address: belongs to nobody
	}
	return defaultOrigin(c.Addr, port, c.TLSCert != "")
}

func defaultOrigin(addr, port string, tls bool) origin.Origin {
	scheme := "http"
	if tls {
		scheme = "https"
	}
	host, _, _ := net.SplitHostPort(addr) // checked when it was read
	if unspecified, err := netip.ParseAddr(host); host == "" || err == nil && unspecified.IsUnspecified() {
		host = "localhost"
	}
	return origin.New(scheme, host, port)
}

// reader turns text into settings and gathers the faults.
type reader struct{ faults []error }

func (r *reader) fault(flag, value, what string) {
	r.faults = append(r.faults, fmt.Errorf("--%s %q: %s", flag, value, what))
}

func (r *reader) checkTLS(flags Flags) {
	if (flags.TLSCert == "") != (flags.TLSKey == "") {
		r.fault("tls-cert", flags.TLSCert, "--tls-cert and --tls-key go together (--tls-key is "+strconv.Quote(flags.TLSKey)+")")
		return
	}
	if flags.TLSCert == "" {
		return
	}
	if _, err := tls.LoadX509KeyPair(flags.TLSCert, flags.TLSKey); err != nil {
		r.fault("tls-cert", flags.TLSCert, "it cannot be used with --tls-key "+strconv.Quote(flags.TLSKey)+": "+err.Error())
	}
}

func (r *reader) checkOrigin(config Config, flags Flags) {
	public, flag, value := config.Origin, "origin", flags.Origin
	if flags.Origin == "" {
		if config.Addr == "" {
			return // at fault already
		}
		public, flag, value = defaultOrigin(config.Addr, "", config.TLSCert != ""), "addr", flags.Addr
	}
	if public == (origin.Origin{}) {
		return // at fault already
	}
	if config.TLSCert != "" && !public.Secure() {
		r.fault(flag, value, "with --tls-cert the origin must begin with https://")
	}
	if !public.Secure() && !public.Loopback() && !config.InsecureCookies {
		r.fault(flag, value, "the origin "+public.String()+" is plain http on a host that is not loopback, where browsers refuse secure cookies and passwords can be read on the way: give --origin https://…, or --insecure-cookies on a network that you trust")
	}
}

// checkFrontendDev keeps the pages of `next dev`, which come without the
// policies of a build, on this machine.
func (r *reader) checkFrontendDev(config Config, flags Flags) {
	if config.FrontendDev == (origin.Origin{}) {
		return // none, or at fault already
	}
	if config.FrontendDev.Secure() || !config.FrontendDev.Loopback() {
		r.fault("frontend-dev", flags.FrontendDev, "it must be plain http on this machine, such as http://localhost:3000")
	}
	public := config.Origin
	if flags.Origin == "" && config.Addr != "" {
		public = defaultOrigin(config.Addr, "", config.TLSCert != "")
	}
	host, _, _ := net.SplitHostPort(config.Addr) // checked when it was read
	if public != (origin.Origin{}) && !public.Loopback() || config.Addr != "" && !origin.IsLoopback(host) {
		r.fault("frontend-dev", flags.FrontendDev, "it is for development on this machine: give it an --addr and an --origin on localhost")
	}
}

func (r *reader) present(flag, value string) string {
	if value == "" {
		r.fault(flag, value, "it must not be empty")
	}
	return value
}

func (r *reader) addr(flag, value string) string {
	_, port, err := net.SplitHostPort(value)
	if err != nil {
		r.fault(flag, value, "it must be host:port, such as localhost:8080 or :8080")
		return ""
	}
	if number, err := strconv.ParseUint(port, 10, 16); err != nil || strconv.FormatUint(number, 10) != port {
		r.fault(flag, value, "its port must be a number from 0 to 65535")
		return ""
	}
	return value
}

func (r *reader) origin(flag, value string) origin.Origin {
	if value == "" {
		return origin.Origin{}
	}
	parsed, err := origin.Parse(value)
	if err != nil {
		r.fault(flag, value, err.Error())
	}
	return parsed
}

func (r *reader) duration(flag, value string, least, most time.Duration) time.Duration {
	duration, err := time.ParseDuration(value)
	if err != nil {
		r.fault(flag, value, "it must be a duration, such as 30s, 15m or 168h")
	} else if duration < least || duration > most {
		r.fault(flag, value, fmt.Sprintf("it must be from %s to %s", least, most))
	}
	return duration
}

func (r *reader) between(flag, value string, least, most int) int {
	number, err := strconv.Atoi(value)
	if err != nil || number < least || number > most {
		r.fault(flag, value, fmt.Sprintf("it must be a number from %d to %d", least, most))
	}
	return number
}

func (r *reader) rate(flag, value string) Rate {
	units := map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour}
	attempts, unit, _ := strings.Cut(value, "/")
	number, err := strconv.Atoi(attempts)
	if err != nil || number < 1 || number > 1_000_000 || units[unit] == 0 {
		r.fault(flag, value, "it must be a number from 1 to 1000000 per second, minute or hour: N/s, N/m or N/h")
	}
	return Rate{Attempts: number, Per: units[unit]}
}

func (r *reader) oneOf(flag, value string, words ...string) string {
	for _, word := range words {
		if value == word {
			return value
		}
	}
	r.fault(flag, value, "it must be "+strings.Join(words, " or "))
	return ""
}

func (r *reader) toggle(flag, value string) bool {
	on, err := strconv.ParseBool(value)
	if err != nil {
		r.fault(flag, value, "it must be true or false")
	}
	return on
}

func (r *reader) level(flag, value string) slog.Level {
	levels := map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError}
	level, known := levels[value]
	if !known {
		r.fault(flag, value, "it must be debug, info, warn or error")
	}
	return level
}

func (r *reader) prefixes(flag string, values []string) (list []netip.Prefix) {
	for _, value := range values {
		prefix, err := netip.ParsePrefix(value)
		if err != nil {
			if address, addressErr := netip.ParseAddr(value); addressErr == nil && address.Zone() == "" {
				prefix, err = netip.PrefixFrom(address, address.BitLen()), nil
			}
		}
		if err != nil {
			r.fault(flag, value, "it must be an address or a range, such as 10.0.0.7 or 10.0.0.0/24")
			continue
		}
		if address := prefix.Addr(); address.Is4In6() && prefix.Bits() >= 96 { // peers are written as IPv4
			prefix = netip.PrefixFrom(address.Unmap(), prefix.Bits()-96)
		}
		list = append(list, prefix.Masked())
	}
	return list
}

// redact hides all of a database address but its scheme: a password can stand
// before the host, in the query, and in what is not an address at all.
func redact(database string) string {
	scheme, _, found := strings.Cut(database, "://")
	if !found {
		return "…"
	}
	return scheme + "://…"
}
