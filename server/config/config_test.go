package config_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"lychgate/server/config"
)

// values are what a flag takes and what it refuses, beside default settings.
type values struct {
	flag      string
	good, bad []string
}

var table = []values{
	{
		"addr", []string{"localhost:8080", "localhost:0", ":8080", "0.0.0.0:8080", "[::]:8080", "127.0.0.1:65535", "[::1]:80", "LOCALHOST:8080"},
		[]string{
			"192.0.2.1:8080", "example.com:8080", "[2001:db8::1]:8080", // plain http for others
			"", "8080", "localhost", "localhost:", "localhost:http", "localhost:65536", "localhost:-1", "localhost:+80", "localhost:080", "::1:8080", "[::1]", "a:1:2", "http://localhost:8080",
		},
	},
	{
		"origin", []string{"", "https://app.example.com", "https://app.example.com:8443", "https://app.example.com/", "http://localhost:3000", "http://127.0.0.1", "http://[::1]:8080", "http://app.localhost"},
		[]string{
			"http://app.example.com", "http://localhost.evil.com", "http://192.0.2.1:8080", // plain http for others
			"app.example.com", "//app.example.com", "ftp://app.example.com", "https://", "https://:443", "https://ada@app.example.com", "https://app.example.com/app",
			"https://app.example.com?", "https://app.example.com#x", "https://app.example.com:port", "https://app.example.com:65536", "https://app.example.com:0", "https://a b", "https://exämple.com", "null",
		},
	},
	{"data-dir", []string{".", "/var/lib/lychgate", "a b"}, []string{""}},
	{"idle-timeout", []string{"1s", "120s", "1h"}, []string{"", "0", "999ms", "61m", "120", "-1s"}},
	{"access-ttl", []string{"1s", "15m", "24h", "1h30m"}, []string{"", "0s", "999ms", "1.5s", "24h1s", "-15m", "15", "soon", "1d"}},
	{"session-idle", []string{"1s", "168h"}, []string{"", "0s", "-1h", "week", "100000h"}},
	{"session-max", []string{"1s", "720h"}, []string{"", "0s", "-1h", "30d", "100000h"}},
	{"refresh-grace", []string{"0", "0s", "30s", "1h"}, []string{"", "-1s", "61m", "30"}},
	{"sessions-per-account", []string{"1", "100", "1000"}, []string{"", "0", "1001", "-1", "ten", "1e2"}},
	{"bcrypt-cost", []string{"10", "12", "16"}, []string{"", "4", "9", "17", "12.0", "0xc", " 12", "twelve"}},
	{"login-attempts", []string{"1/s", "10/m", "1000000/h"}, []string{"", "10", "/m", "10/", "10/d", "10/M", "0/m", "-1/m", "1000001/m", "10/m/h", "1.5/m", "10 /m"}},
	{"register-attempts", []string{"1/s", "5/m", "100/h"}, []string{"", "5", "5/min", "0/h"}},
	{"password-min", []string{"8", "15", "256"}, []string{"", "7", "257", "eight"}},
	{"audit-days", []string{"1", "90", "3650"}, []string{"", "0", "3651", "90d"}},
	{"signup", []string{"open", "closed"}, []string{"", "Open", "invite"}},
	{
		"support", []string{"", "help@example.com", "o'neil+help@localhost", "https://help.example.com/accounts?about=password#form"},
		[]string{
			"help", "Help <help@example.com>", "<help@example.com>", "a@example.com, b@example.com", "help@example.com ", `"a b"@example.com`, "mailto:help@example.com", "hilfe@büro.example",
			"http://help.example.com", "https://", "https://ada@example.com/", "//help.example.com", "javascript:alert(1)", "javascript://example.com/%0aalert(1)", "https://help.example.com/a b", "https://help.example.com\\@evil.com",
			"https://help.example.com:99999/", "https://256.1.1.1/", "https://1.2.3.4.5/", "https://help.123",
		},
	},
	{
		"trusted-proxy", []string{"10.0.0.0/8", "10.0.0.7", "2001:db8::/32", "::1", "10.0.0.7/8"},
		[]string{"", "ten", "10.0.0.0/33", "10.0.0.0/", "10.0.0/8", "fe80::1%eth0", "*", "localhost", "10.0.0.0/8,::1"},
	},
	{"tls-cert", nil, []string{"", "testdata/no-such-file"}},
	{"insecure-cookies", []string{"true", "false", "1", "0"}, []string{"", "yes", "on"}},
	{"hsts-subdomains", []string{"true", "false"}, []string{"", "yes"}},
	{
		"frontend-dev", []string{"", "http://localhost:3000", "http://127.0.0.1:3000", "http://[::1]:3000", "http://next.localhost:3000"},
		[]string{"localhost:3000", "https://localhost:3000", "http://192.0.2.1:3000", "http://example.com", "http://localhost.evil.com:3000", "http://localhost:3000/x", "file:///etc"},
	},
	{"log-format", []string{"auto", "text", "json"}, []string{"", "JSON", "xml"}},
	{"access-log", []string{"on", "off", "errors"}, []string{"", "ON", "all", "true"}},
	{"log-level", []string{"debug", "info", "warn", "error"}, []string{"", "INFO", "trace", "2"}},
}

// args are the arguments that give a value.
func (v values) args(value string) []string {
	switch v.flag {
	case "trusted-proxy": // as one of two
		return []string{"--trusted-proxy=" + strings.ReplaceAll(value, ",", `\,`) + ",192.0.2.1"}
	case "tls-cert":
		return []string{"--tls-cert=" + value, "--tls-key=testdata/no-such-key"}
	}
	return []string{"--" + v.flag + "=" + value}
}

func none(string) string { return "" }

// parsed returns the settings that arguments give, which must be right.
func parsed(t *testing.T, args ...string) config.Config {
	t.Helper()
	settings, err := config.Parse(args, none)
	if err != nil {
		t.Fatalf("%q: %v", args, err)
	}
	return settings
}

// faultsOf returns the faults of arguments, one by one.
func faultsOf(args ...string) []string {
	return faultsIn(none, args...)
}

// faultsIn is faultsOf in an environment.
func faultsIn(getenv func(string) string, args ...string) []string {
	_, err := config.Parse(args, getenv)
	if err == nil {
		return nil
	}
	return strings.Split(err.Error(), "\n")
}

func TestEveryFlag(t *testing.T) {
	for _, row := range table {
		for _, value := range row.good {
			if faults := faultsOf(row.args(value)...); faults != nil {
				t.Errorf("--%s %q is refused: %q", row.flag, value, faults)
			}
		}
		for _, value := range row.bad {
			faults := faultsOf(row.args(value)...)
			if want := "--" + row.flag + " " + strconv.Quote(value) + ": "; len(faults) != 1 || !strings.HasPrefix(faults[0], want) || len(faults[0]) == len(want) {
				t.Errorf("--%s %q: %q, want one fault that begins with %s", row.flag, value, faults, want)
			}
		}
	}
}

func TestAllFaultsAreReportedTogether(t *testing.T) {
	var args []string
	want := []string{"LYCHGATE_SECRET: "}
	for _, row := range table {
		if len(row.bad) > 0 {
			value := row.bad[len(row.bad)-1]
			args = append(args, row.args(value)...)
			want = append(want, "--"+row.flag+" "+strconv.Quote(value)+": ")
		}
	}
	faults := faultsIn(variables{"LYCHGATE_SECRET": "hunter2"}.get, args...)
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

// A fault in one setting hides none in another.
func TestFaultsThatDependOnTwoSettings(t *testing.T) {
	for _, test := range []struct {
		args string
		want []string // the flags at fault
	}{
		{"--addr=192.0.2.1:8080 --origin=wrong --frontend-dev=https://localhost:3000", []string{"origin", "frontend-dev", "frontend-dev"}},
		{"--addr=wrong --origin=http://192.0.2.1:8080 --tls-key=key.pem", []string{"origin", "addr", "tls-cert"}},
		{"--addr=wrong --tls-cert=cert.pem", []string{"addr", "tls-cert"}},
		{"--origin=http://lychgate.lan --insecure-cookies --frontend-dev=http://localhost:3000", []string{"frontend-dev"}},
	} {
		var got []string
		for _, fault := range faultsOf(strings.Fields(test.args)...) {
			flag, _, _ := strings.Cut(strings.TrimPrefix(fault, "--"), " ")
			got = append(got, flag)
		}
		slices.Sort(got)
		slices.Sort(test.want)
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: faults of %q, want %q", test.args, got, test.want)
		}
	}
}

// Every setting is in the table but the secret, whose value is never shown.
func TestTheTableIsComplete(t *testing.T) {
	var given string
	for _, row := range table {
		given += strings.Join(row.args("marker"), " ") + " "
	}
	for _, setting := range config.Settings() {
		if !setting.Secret() && !strings.Contains(given, "--"+setting.Name()+"=") {
			t.Errorf("--%s is not in the table: add a row with what it takes and what it refuses", setting.Name())
		}
	}
}

// The last occurrence of a flag counts.
func TestAFlagGivenTwice(t *testing.T) {
	if got := parsed(t, "--addr=8080", "--addr=localhost:9000").Addr; got != "localhost:9000" {
		t.Errorf("--addr is %q", got)
	}
	if faults := faultsOf("--addr=localhost:9000", "--addr=8080"); len(faults) != 1 {
		t.Errorf("faults: %q", faults)
	}
}

// variables are those of an environment.
type variables map[string]string

func (v variables) get(name string) string { return v[name] }

// Every flag takes effect, has a variable, and overrides it.
func TestEveryFlagCountsAndHasItsVariable(t *testing.T) {
	outcome := func(environment variables, args ...string) string {
		settings, err := config.Parse(args, environment.get)
		return fmt.Sprintf("%+v\n%v", settings, err)
	}
	for _, setting := range config.Settings() {
		if setting.Secret() {
			continue
		}
		const value = "marker"
		flag := "--" + setting.Name() + "=" + value
		byFlag := outcome(nil, flag)
		if byFlag == outcome(nil) {
			t.Errorf("%s changes nothing", flag)
		}
		if got := outcome(variables{setting.Variable(): value}); got != byFlag {
			t.Errorf("%s is not read like --%s: %s\nwant %s", setting.Variable(), setting.Name(), got, byFlag)
		}
		if got := outcome(variables{setting.Variable(): "from the environment"}, flag); got != byFlag {
			t.Errorf("--%s does not beat %s: %s\nwant %s", setting.Name(), setting.Variable(), got, byFlag)
		}
	}
}

func TestRangesInTheEnvironment(t *testing.T) {
	want := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("192.0.2.7/32")}
	byVariable, err := config.Parse(nil, variables{"LYCHGATE_TRUSTED_PROXY": "10.0.0.0/8,192.0.2.7"}.get)
	if err != nil {
		t.Fatal(err)
	}
	byFlag := parsed(t, "--trusted-proxy", "10.0.0.0/8", "--trusted-proxy", "192.0.2.7")
	if !slices.Equal(byVariable.TrustedProxies, want) || !slices.Equal(byFlag.TrustedProxies, want) {
		t.Errorf("from the environment %q, from the flags %q, want %q", byVariable.TrustedProxies, byFlag.TrustedProxies, want)
	}
}

func TestSecretsInFiles(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte(someSecret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	outcome := func(variable, value string) string {
		settings, err := config.Parse(nil, variables{variable: value}.get)
		return fmt.Sprintf("%+v\n%v", settings, err)
	}
	direct, inFile := outcome("LYCHGATE_SECRET", someSecret), outcome("LYCHGATE_SECRET_FILE", file)
	if direct == outcome("LYCHGATE_SECRET", "") || inFile != direct {
		t.Errorf("LYCHGATE_SECRET gives %s\nfrom a file %s", direct, inFile)
	}
}

const someSecret = "0123456789abcdef0123456789abcdef"

func TestCheckReadsEverySetting(t *testing.T) {
	got, err := config.Parse([]string{
		"--addr=0.0.0.0:80", "--origin=https://App.Example.com", "--data-dir=/data", "--idle-timeout=90s", "--access-ttl=1m", "--session-idle=2h", "--session-max=3h", "--refresh-grace=4s", "--sessions-per-account=5",
		"--bcrypt-cost=11", "--login-attempts=6/s", "--register-attempts=7/h", "--password-min=15", "--audit-days=30", "--signup=closed", "--support=help@example.com", "--trusted-proxy=10.0.0.7/8,::1,::ffff:192.0.2.0/120",
		"--insecure-cookies=false", "--hsts-subdomains", "--log-format=json", "--log-level=debug", "--access-log=errors",
	}, variables{"LYCHGATE_SECRET": someSecret}.get)
	if err != nil {
		t.Fatal(err)
	}
	if got.Origin.String() != "https://app.example.com" {
		t.Errorf("origin %s", got.Origin)
	}
	want := config.Default()
	want.Addr, want.Origin, want.DataDir, want.Secret = "0.0.0.0:80", got.Origin, "/data", someSecret
	want.IdleTimeout, want.AccessTTL, want.SessionIdle, want.SessionMax, want.RefreshGrace = 90*time.Second, time.Minute, 2*time.Hour, 3*time.Hour, 4*time.Second
	want.SessionLimit, want.BcryptCost, want.PasswordMin, want.AuditDays, want.Signup, want.Support = 5, 11, 15, 30, "closed", "help@example.com"
	want.LoginAttempts, want.RegisterAttempts = config.Rate{Attempts: 6, Per: time.Second}, config.Rate{Attempts: 7, Per: time.Hour}
	want.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128"), netip.MustParsePrefix("192.0.2.0/24")}
	want.HSTSSubdomains, want.LogFormat, want.LogLevel, want.AccessLog = true, "json", slog.LevelDebug, "errors"
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if !got.SignupClosed() || got.AuditKeep() != 720*time.Hour {
		t.Errorf("sign-up closed %v, lines kept for %s", got.SignupClosed(), got.AuditKeep())
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
		c := parsed(t, "--addr="+test.addr, "--origin="+test.origin)
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
		faults := faultsOf("--addr="+test.addr, "--origin="+test.origin, "--insecure-cookies="+test.insecure)
		if test.want == "" && faults != nil || test.want != "" && (len(faults) != 1 || !strings.HasPrefix(faults[0], "--"+test.want+" ") || !strings.Contains(faults[0], "--insecure-cookies")) {
			t.Errorf("%+v: %q", test, faults)
		}
	}
}

// certificate writes a certificate and its key, and returns the arguments that
// name them.
func certificate(t *testing.T) []string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	signed, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	args, dir := []string(nil), t.TempDir()
	for flag, block := range map[string]*pem.Block{
		"tls-cert": {Type: "CERTIFICATE", Bytes: signed},
		"tls-key":  {Type: "EC PRIVATE KEY", Bytes: encoded},
	} {
		file := filepath.Join(dir, flag)
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, "--"+flag+"="+file)
	}
	return args
}

func TestACertificateNeedsAnHTTPSOrigin(t *testing.T) {
	args := certificate(t)
	for origin, right := range map[string]bool{"": true, "https://app.example.com": true, "http://localhost:8080": false} {
		faults := faultsOf(append(args, "--origin="+origin)...)
		if right != (faults == nil) || !right && (len(faults) != 1 || !strings.HasPrefix(faults[0], "--origin ") || !strings.Contains(faults[0], "--tls-cert")) {
			t.Errorf("--origin %q with a certificate: %q", origin, faults)
		}
	}
}

func TestSecretsAreNotPrinted(t *testing.T) {
	if _, err := config.Parse([]string{"--addr=wrong"}, variables{"LYCHGATE_SECRET": "hunter2"}.get); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("%v", err)
	}
}

// Ranges that include strangers are distinguished from private networks.
func TestWideProxies(t *testing.T) {
	for value, wide := range map[string]bool{
		"0.0.0.0/0": true, "::/0": true, "128.0.0.0/1": true, "8.0.0.0/7": true, "2000::/3": true, "::ffff:0.0.0.0/96": true, "2001::/15": true,
		"10.0.0.0/8": false, "172.16.0.0/12": false, "192.0.2.7": false, "fc00::/7": false, "fd00::/8": false, "2001:db8::/32": false, "::ffff:10.0.0.0/104": false,
	} {
		if got := parsed(t, "--trusted-proxy=192.0.2.1", "--trusted-proxy="+value).WideProxies(); (len(got) == 1) != wide {
			t.Errorf("%s: wide %v, want %v", value, got, wide)
		}
	}
}
