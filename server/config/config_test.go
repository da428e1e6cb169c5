package config_test

import (
	"log/slog"
	"net"
	"net/netip"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"lychgate/server/config"
)

// values are what a flag takes and what it refuses, from the default settings.
type values struct {
	flag string
	set  func(*config.Flags, string)
	good []string
	bad  []string
}

var table = []values{
	{
		"addr", func(f *config.Flags, v string) { f.Addr = v },
		[]string{"localhost:8080", "localhost:0", ":8080", "0.0.0.0:8080", "[::]:8080", "127.0.0.1:65535", "[::1]:80", "LOCALHOST:8080"},
		[]string{
			"192.0.2.1:8080", "example.com:8080", "[2001:db8::1]:8080", // plain http for others
			"", "8080", "localhost", "localhost:", "localhost:http", "localhost:65536", "localhost:-1", "localhost:+80", "localhost:080", "::1:8080", "[::1]", "a:1:2", "http://localhost:8080",
		},
	},
	{
		"origin", func(f *config.Flags, v string) { f.Origin = v },
		[]string{"", "https://app.example.com", "https://app.example.com:8443", "https://app.example.com/", "http://localhost:3000", "http://127.0.0.1", "http://[::1]:8080", "http://app.localhost"},
		[]string{
			"http://app.example.com", "http://localhost.evil.com", "http://192.0.2.1:8080", // plain http for others
			"app.example.com", "//app.example.com", "ftp://app.example.com", "https://", "https://:443", "https://ada@app.example.com", "https://app.example.com/app",
			"https://app.example.com?", "https://app.example.com#x", "https://app.example.com:port", "https://app.example.com:65536", "https://app.example.com:0", "https://a b", "https://exämple.com", "null",
		},
	},
	{"data-dir", func(f *config.Flags, v string) { f.DataDir = v }, []string{".", "/var/lib/lychgate", "a b"}, []string{""}},
	{"idle-timeout", func(f *config.Flags, v string) { f.IdleTimeout = v }, []string{"1s", "120s", "1h"}, []string{"", "0", "999ms", "61m", "120", "-1s"}},
	{"access-ttl", func(f *config.Flags, v string) { f.AccessTTL = v }, []string{"1s", "15m", "24h", "1h30m"}, []string{"", "0s", "999ms", "1.5s", "24h1s", "-15m", "15", "soon", "1d"}},
	{"session-idle", func(f *config.Flags, v string) { f.SessionIdle = v }, []string{"1s", "168h"}, []string{"", "0s", "-1h", "week", "100000h"}},
	{"session-max", func(f *config.Flags, v string) { f.SessionMax = v }, []string{"1s", "720h"}, []string{"", "0s", "-1h", "30d", "100000h"}},
	{"refresh-grace", func(f *config.Flags, v string) { f.RefreshGrace = v }, []string{"0", "0s", "30s", "1h"}, []string{"", "-1s", "61m", "30"}},
	{"sessions-per-account", func(f *config.Flags, v string) { f.SessionLimit = v }, []string{"1", "100", "1000"}, []string{"", "0", "1001", "-1", "ten", "1e2"}},
	{"bcrypt-cost", func(f *config.Flags, v string) { f.BcryptCost = v }, []string{"10", "12", "16"}, []string{"", "4", "9", "17", "12.0", "0xc", " 12", "twelve"}},
	{"login-attempts", func(f *config.Flags, v string) { f.LoginAttempts = v }, []string{"1/s", "10/m", "1000000/h"}, []string{"", "10", "/m", "10/", "10/d", "10/M", "0/m", "-1/m", "1000001/m", "10/m/h", "1.5/m", "10 /m"}},
	{"register-attempts", func(f *config.Flags, v string) { f.RegisterAttempts = v }, []string{"1/s", "5/m", "100/h"}, []string{"", "5", "5/min", "0/h"}},
	{"password-min", func(f *config.Flags, v string) { f.PasswordMin = v }, []string{"8", "15", "256"}, []string{"", "7", "257", "eight"}},
	{"audit-days", func(f *config.Flags, v string) { f.AuditDays = v }, []string{"1", "90", "3650"}, []string{"", "0", "3651", "90d"}},
	{"signup", func(f *config.Flags, v string) { f.Signup = v }, []string{"open", "closed"}, []string{"", "Open", "invite"}},
	{
		"trusted-proxy", func(f *config.Flags, v string) { f.TrustedProxy = []string{"192.0.2.1", v} },
		[]string{"10.0.0.0/8", "10.0.0.7", "2001:db8::/32", "::1", "10.0.0.7/8"},
		[]string{"", "ten", "10.0.0.0/33", "10.0.0.0/", "10.0.0/8", "fe80::1%eth0", "*", "localhost", "10.0.0.0/8,::1"},
	},
	{"tls-cert", func(f *config.Flags, v string) { f.TLSCert, f.TLSKey = v, "testdata/no-such-key" }, nil, []string{"", "testdata/no-such-file"}},
	{"insecure-cookies", func(f *config.Flags, v string) { f.InsecureCookies = v }, []string{"true", "false", "1", "0"}, []string{"", "yes", "on"}},
	{"hsts-subdomains", func(f *config.Flags, v string) { f.HSTSSubdomains = v }, []string{"true", "false"}, []string{"", "yes"}},
	{
		"frontend-dev", func(f *config.Flags, v string) { f.FrontendDev = v },
		[]string{"", "http://localhost:3000", "http://127.0.0.1:3000", "http://[::1]:3000", "http://next.localhost:3000"},
		[]string{"localhost:3000", "https://localhost:3000", "http://192.0.2.1:3000", "http://example.com", "http://localhost.evil.com:3000", "http://localhost:3000/x", "file:///etc"},
	},
	{"log-format", func(f *config.Flags, v string) { f.LogFormat = v }, []string{"auto", "text", "json"}, []string{"", "JSON", "xml"}},
	{"log-level", func(f *config.Flags, v string) { f.LogLevel = v }, []string{"debug", "info", "warn", "error"}, []string{"", "INFO", "trace", "2"}},
	{"database", func(f *config.Flags, v string) { f.Database = v }, []string{""}, nil},
}

// faultsOf returns the faults of settings, one by one.
func faultsOf(flags config.Flags) []string {
	_, err := config.Check(flags)
	if err == nil {
		return nil
	}
	return strings.Split(err.Error(), "\n")
}

func TestEveryFlag(t *testing.T) {
	for _, row := range table {
		for _, value := range row.good {
			flags := config.Defaults()
			row.set(&flags, value)
			if faults := faultsOf(flags); faults != nil {
				t.Errorf("--%s %q is refused: %q", row.flag, value, faults)
			}
		}
		for _, value := range row.bad {
			flags := config.Defaults()
			row.set(&flags, value)
			faults := faultsOf(flags)
			if want := "--" + row.flag + " " + strconv.Quote(value) + ": "; len(faults) != 1 || !strings.HasPrefix(faults[0], want) || len(faults[0]) == len(want) {
				t.Errorf("--%s %q: %q, want one fault that begins with %s", row.flag, value, faults, want)
			}
		}
	}
}

func TestAllFaultsAreReportedTogether(t *testing.T) {
	flags := config.Defaults()
	var want []string
	for _, row := range table {
		if len(row.bad) > 0 {
			value := row.bad[len(row.bad)-1]
			row.set(&flags, value)
			want = append(want, "--"+row.flag+" "+strconv.Quote(value)+": ")
		}
	}
	flags.Database = "postgres://db.example.com/lychgate"
	flags.Secret = "hunter2"
	want = append(want, `--database "postgres://…": `, "LYCHGATE_SECRET: ")
	faults := faultsOf(flags)
	if len(faults) != len(want) {
		t.Errorf("%d faults, want %d:\n%s", len(faults), len(want), strings.Join(faults, "\n"))
	}
	for _, begin := range want {
		found := false
		for _, fault := range faults {
			found = found || strings.HasPrefix(fault, begin)
		}
		if !found {
			t.Errorf("no fault begins with %s", begin)
		}
	}
}

// Every setting is in the table but the secret, whose value is never shown.
func TestTheTableIsComplete(t *testing.T) {
	flags := config.Defaults()
	for _, row := range table {
		row.set(&flags, "marker")
	}
	set := reflect.ValueOf(flags)
	for i := range set.NumField() {
		name, value := set.Type().Field(i).Name, set.Field(i).Interface()
		if reflect.DeepEqual(value, reflect.ValueOf(config.Defaults()).Field(i).Interface()) && name != "Secret" {
			t.Errorf("%s is not in the table: add a row with what its flag takes and what it refuses", name)
		}
	}
}

const someSecret = "0123456789abcdef0123456789abcdef"

func TestCheckReadsEverySetting(t *testing.T) {
	got, err := config.Check(config.Flags{
		Addr: "0.0.0.0:80", Origin: "https://App.Example.com", DataDir: "/data", IdleTimeout: "90s", AccessTTL: "1m", SessionIdle: "2h", SessionMax: "3h", RefreshGrace: "4s", SessionLimit: "5",
		BcryptCost: "11", LoginAttempts: "6/s", RegisterAttempts: "7/h", PasswordMin: "15", AuditDays: "30", Signup: "closed", TrustedProxy: []string{"10.0.0.7/8", "::1", "::ffff:192.0.2.0/120"},
		InsecureCookies: "false", HSTSSubdomains: "true", LogFormat: "json", LogLevel: "debug", Secret: someSecret,
	})
	if err != nil {
		t.Fatal(err)
	}
	if got.Origin.String() != "https://app.example.com" {
		t.Errorf("origin %s", got.Origin)
	}
	want := config.Config{
		Addr: "0.0.0.0:80", Origin: got.Origin, DataDir: "/data", IdleTimeout: 90 * time.Second, AccessTTL: time.Minute, SessionIdle: 2 * time.Hour, SessionMax: 3 * time.Hour, RefreshGrace: 4 * time.Second, SessionLimit: 5,
		BcryptCost: 11, LoginAttempts: config.Rate{Attempts: 6, Per: time.Second}, RegisterAttempts: config.Rate{Attempts: 7, Per: time.Hour}, PasswordMin: 15, AuditKeep: 720 * time.Hour, SignupClosed: true,
		TrustedProxies:  []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128"), netip.MustParsePrefix("192.0.2.0/24")},
		InsecureCookies: false, HSTSSubdomains: true, LogFormat: "json", LogLevel: slog.LevelDebug, Secret: someSecret,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if got.DatabasePath() != "/data/lychgate.db" || got.SecretPath() != "/data/secret" {
		t.Errorf("paths %s and %s", got.DatabasePath(), got.SecretPath())
	}
}

func TestOriginFromTheAddress(t *testing.T) {
	for _, test := range []struct {
		addr, listening, origin string
		tls                     bool
		want                    string
	}{
		{"localhost:8080", "127.0.0.1:8080", "", false, "http://localhost:8080"},
		{"localhost:0", "127.0.0.1:43210", "", false, "http://localhost:43210"},
		{":8080", "[::]:8080", "", false, "http://localhost:8080"},
		{"0.0.0.0:8080", "0.0.0.0:8080", "", false, "http://localhost:8080"},
		{"[::]:8080", "[::]:8080", "", false, "http://localhost:8080"},
		{":80", "[::]:80", "", false, "http://localhost"},
		{"127.0.0.1:9000", "127.0.0.1:9000", "", false, "http://127.0.0.1:9000"},
		{"127.0.0.1:0", "127.0.0.1:43210", "", false, "http://127.0.0.1:43210"},
		{"[::1]:9000", "[::1]:9000", "", false, "http://[::1]:9000"},
		{"localhost:8443", "127.0.0.1:8443", "", true, "https://localhost:8443"},
		{":443", "[::]:443", "", true, "https://localhost"},
		{":80", "[::]:80", "", true, "https://localhost:80"},
		{":8080", "[::]:8080", "https://app.example.com", false, "https://app.example.com"},
		{"localhost:0", "127.0.0.1:43210", "http://localhost:8080", false, "http://localhost:8080"},
	} {
		flags := config.Defaults()
		flags.Addr, flags.Origin = test.addr, test.origin
		c, err := config.Check(flags)
		if err != nil {
			t.Errorf("%s: %v", test.addr, err)
			continue
		}
		if test.tls {
			c.TLSCert, c.TLSKey = "cert.pem", "key.pem"
		}
		listening := net.TCPAddrFromAddrPort(netip.MustParseAddrPort(test.listening))
		if got := c.OriginOf(listening).String(); got != test.want {
			t.Errorf("%s, listening on %s: %s, want %s", test.addr, test.listening, got, test.want)
		}
	}
}

func TestPlainHTTPForOthersNeedsAWord(t *testing.T) {
	for _, test := range []struct {
		addr, origin, insecure string
		want                   string // the flag at fault
	}{
		{"localhost:8080", "http://lychgate.lan", "false", "origin"},
		{"localhost:8080", "http://lychgate.lan", "true", ""},
		{"192.0.2.1:8080", "", "false", "addr"},
		{"192.0.2.1:8080", "", "true", ""},
		{"192.0.2.1:8080", "https://lychgate.lan", "false", ""},
		{"192.0.2.1:8080", "http://localhost:8080", "false", ""},
		{"localhost:8080", "http://127.0.0.1.evil.com", "false", "origin"},
		{"localhost:8080", "http://2130706433", "false", "origin"},
		{"localhost:8080", "http://evil-localhost", "false", "origin"},
	} {
		flags := config.Defaults()
		flags.Addr, flags.Origin, flags.InsecureCookies = test.addr, test.origin, test.insecure
		faults := faultsOf(flags)
		if test.want == "" && faults != nil || test.want != "" && (len(faults) != 1 || !strings.HasPrefix(faults[0], "--"+test.want+" ") || !strings.Contains(faults[0], "--insecure-cookies")) {
			t.Errorf("%+v: %q", test, faults)
		}
	}
}

// A password in the address of a database is never printed, wherever it stands.
func TestDatabasePasswordsAreNotPrinted(t *testing.T) {
	for _, database := range []string{
		"postgres://ada:hunter2@db.example.com/lychgate",
		"postgres://ada:hun@hunter2@db.example.com/lychgate",
		"postgres://ada:hunter2",
		"postgres://db.example.com/lychgate?user=ada&password=hunter2",
		"postgres://db.example.com/lychgate?password=x@hunter2",
		"postgres://ada:hunter2?@db.example.com/lychgate",
		"host=db.example.com password=hunter2",
		"ada:hunter2@db.example.com",
		"hunter2",
	} {
		flags := config.Defaults()
		flags.Database = database
		_, err := config.Check(flags)
		if err == nil || !strings.HasPrefix(err.Error(), "--database ") || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", database, err)
		}
	}
}

func TestSecretsAreNotPrinted(t *testing.T) {
	flags := config.Defaults()
	flags.Secret, flags.Addr = "hunter2", "wrong"
	if _, err := config.Check(flags); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("%v", err)
	}
}

// Ranges that hold strangers are told from networks of one's own.
func TestWideProxies(t *testing.T) {
	for value, wide := range map[string]bool{
		"0.0.0.0/0": true, "::/0": true, "128.0.0.0/1": true, "8.0.0.0/7": true, "2000::/3": true, "::ffff:0.0.0.0/96": true, "2001::/15": true,
		"10.0.0.0/8": false, "172.16.0.0/12": false, "192.0.2.7": false, "fc00::/7": false, "fd00::/8": false, "2001:db8::/32": false, "::ffff:10.0.0.0/104": false,
	} {
		flags := config.Defaults()
		flags.TrustedProxy = []string{"192.0.2.1", value}
		c, err := config.Check(flags)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.WideProxies(); (len(got) == 1) != wide {
			t.Errorf("%s: wide %v, want %v", value, got, wide)
		}
	}
}
