package server_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"lychgate/server/config"
	"lychgate/server/servertest"
)

// identity is a certificate for localhost with its key, both as PEM.
type identity struct{ certificate, key []byte }

// newIdentity makes a certificate with a serial number.
func newIdentity(t *testing.T, serial int64) identity {
	t.Helper()
	return newIdentityFor(t, serial, "localhost", time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
}

// newIdentityFor makes a certificate for a host, and for a time.
func newIdentityFor(t *testing.T, serial int64, host string, from, until time.Time) identity {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial),
		Subject:      pkix.Name{CommonName: host},
		DNSNames:     []string{host},
		NotBefore:    from,
		NotAfter:     until,
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return identity{
		certificate: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate}),
		key:         pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}),
	}
}

// startTLS runs a server that has a certificate.
func startTLS(t *testing.T, has identity) *servertest.Server {
	t.Helper()
	s := servertest.Start(t, withCertificate(t, has))
	if !strings.HasPrefix(s.URL, "https://localhost:") {
		t.Fatalf("the server is at %s", s.URL)
	}
	return s
}

// withCertificate is a change of the configuration.
func withCertificate(t *testing.T, has identity) func(*config.Config) {
	t.Helper()
	dir := t.TempDir()
	return func(c *config.Config) {
		t.Helper()
		c.TLSCert, c.TLSKey = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
		put(t, c.TLSCert, has.certificate)
		put(t, c.TLSKey, has.key)
	}
}

func put(t *testing.T, path string, text []byte) {
	t.Helper()
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// trusting returns a client that believes these certificates alone, and takes
// a new connection for each request.
func trusting(t *testing.T, list ...identity) *http.Client {
	t.Helper()
	pool := x509.NewCertPool()
	for _, one := range list {
		pool.AppendCertsFromPEM(one.certificate)
	}
	return &http.Client{Transport: &http.Transport{
		TLSClientConfig:   &tls.Config{RootCAs: pool},
		ForceAttemptHTTP2: true,
		DisableKeepAlives: true,
	}}
}

func TestTLS(t *testing.T) {
	t.Parallel()
	own := newIdentity(t, 1)
	s := startTLS(t, own)
	client := trusting(t, own)

	answer, err := client.Get(s.URL + "/")
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.ProtoMajor != 2 || answer.TLS.Version != tls.VersionTLS13 {
		t.Errorf("%s over %s", answer.Proto, tls.VersionName(answer.TLS.Version))
	}
	if got := answer.Header.Get("Strict-Transport-Security"); got != "max-age=31536000" {
		t.Errorf("Strict-Transport-Security: %q", got)
	}

	answer, err = client.Post(s.URL+"/api/auth/register", "application/json",
		strings.NewReader(servertest.Object("email", "ada@example.com", "password", servertest.Password)))
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	var names []string
	for _, cookie := range answer.Cookies() {
		names = append(names, cookie.Name)
		if !cookie.Secure || !cookie.HttpOnly || cookie.Path != "/" || cookie.Domain != "" || cookie.SameSite != http.SameSiteStrictMode {
			t.Errorf("cookie %s", cookie)
		}
	}
	if !slices.Equal(names, []string{"__Host-accessToken", "__Host-refreshToken"}) {
		t.Errorf("status %s, cookies %q", answer.Status, names)
	}
}

func TestOldTLSIsRefused(t *testing.T) {
	t.Parallel()
	own := newIdentity(t, 1)
	s := startTLS(t, own)
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(own.certificate)
	for version, accepted := range map[uint16]bool{
		tls.VersionTLS10: false, tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true,
	} {
		connection, err := tls.Dial("tcp", strings.TrimPrefix(s.URL, "https://"),
			&tls.Config{RootCAs: pool, MinVersion: version, MaxVersion: version})
		if err == nil {
			connection.Close()
		}
		if (err == nil) != accepted {
			t.Errorf("%s: %v", tls.VersionName(version), err)
		}
	}
}

// served returns the serial number of the certificate that a handshake gets.
func served(t *testing.T, s *servertest.Server) int64 {
	t.Helper()
	_, address, _ := strings.Cut(s.URL, "://")
	connection, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true}) // which one it is, is what is asked
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	return connection.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
}

const (
	unusable  = "the TLS certificate cannot be reloaded; the previous one stays in use"
	readAgain = "the TLS certificate was reloaded"
	refused   = "browsers refuse the TLS certificate, or soon will"
)

// said fails the test unless the log holds a text so often.
func said(t *testing.T, s *servertest.Server, text string, times int) {
	t.Helper()
	if got := strings.Count(s.Log.String(), text); got != times {
		t.Errorf("the log says %q %d times, want %d", text, got, times)
	}
}

func TestCertificateIsReadAgain(t *testing.T) {
	t.Parallel()
	first, second := newIdentity(t, 1), newIdentity(t, 2)
	s := startTLS(t, first)
	if served(t, s) != 1 {
		t.Fatal("not the certificate it was started with")
	}
	// A renewal writes two files, and a look comes in between.
	put(t, s.Config.TLSCert, second.certificate)
	for range 3 {
		s.Reload()
	}
	if served(t, s) != 1 {
		t.Error("a certificate without its key is used")
	}
	said(t, s, unusable, 1)
	put(t, s.Config.TLSKey, second.key)
	s.Reload()
	if served(t, s) != 2 {
		t.Error("the new certificate is not used")
	}
	said(t, s, readAgain, 1)

	// What is gone stays in use; that is said once, and once that it is back.
	if err := os.Remove(s.Config.TLSKey); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		s.Reload()
		if served(t, s) != 2 {
			t.Error("a certificate that is gone is not used any more")
		}
	}
	said(t, s, unusable, 2)
	put(t, s.Config.TLSKey, second.key)
	s.Reload()
	s.Reload()
	said(t, s, readAgain, 2)

	// Another reason is another fault; the same one is said again after a day.
	put(t, s.Config.TLSKey, []byte("no key at all"))
	s.Reload()
	said(t, s, unusable, 3)
	put(t, s.Config.TLSCert, []byte("no certificate"))
	s.Reload()
	said(t, s, unusable, 4)
}

// Nobody tells it: it looks by itself.
func TestCertificateIsLookedAt(t *testing.T) {
	t.Parallel()
	first, second := newIdentity(t, 1), newIdentity(t, 2)
	s := startTLS(t, first)
	put(t, s.Config.TLSKey, second.key)
	put(t, s.Config.TLSCert, second.certificate)
	servertest.Eventually(t, "the new certificate is used", func() bool { return served(t, s) == 2 })
}

// A certificate may be replaced under the same time stamp, by another file of
// that name, and behind a link, as Kubernetes and certbot do.
func TestCertificateIsReplacedInEveryWay(t *testing.T) {
	t.Parallel()
	identities := []identity{newIdentity(t, 1), newIdentity(t, 2), newIdentity(t, 3), newIdentity(t, 4)}
	dir := t.TempDir()
	folder := func(name string, has identity) {
		t.Helper()
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
		put(t, filepath.Join(dir, name, "cert.pem"), has.certificate)
		put(t, filepath.Join(dir, name, "key.pem"), has.key)
	}
	point := func(name string) {
		t.Helper()
		if err := os.Symlink(name, filepath.Join(dir, "next")); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(filepath.Join(dir, "next"), filepath.Join(dir, "current")); err != nil {
			t.Fatal(err)
		}
	}
	folder("one", identities[0])
	point("one")
	s := servertest.Start(t, func(c *config.Config) {
		c.TLSCert, c.TLSKey = filepath.Join(dir, "current", "cert.pem"), filepath.Join(dir, "current", "key.pem")
	})
	wants := func(serial int64) {
		t.Helper()
		s.Reload()
		if got := served(t, s); got != serial {
			t.Errorf("certificate %d is in use, want %d", got, serial)
		}
	}
	wants(1)
	// In place, under the old time stamp.
	for name, text := range map[string][]byte{"cert.pem": identities[1].certificate, "key.pem": identities[1].key} {
		file := filepath.Join(dir, "one", name)
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		put(t, file, text)
		if err := os.Chtimes(file, info.ModTime(), info.ModTime()); err != nil {
			t.Fatal(err)
		}
	}
	wants(2)
	folder("two", identities[2])
	point("two")
	wants(3)
	for name, text := range map[string][]byte{"cert.pem": identities[3].certificate, "key.pem": identities[3].key} {
		fresh := filepath.Join(dir, "fresh")
		put(t, fresh, text)
		if err := os.Rename(fresh, filepath.Join(dir, "two", name)); err != nil {
			t.Fatal(err)
		}
	}
	wants(4)
	point("one")
	wants(2)
}

// What browsers refuse is said at start, before anybody is turned away, and
// from time to time.
func TestCertificateThatBrowsersRefuse(t *testing.T) {
	t.Parallel()
	now, day := time.Now(), 24*time.Hour
	for _, test := range []struct {
		name  string
		has   identity
		words string // empty: there is nothing to say
	}{
		{"fine", newIdentityFor(t, 1, "localhost", now.Add(-day), now.Add(90*day)), ""},
		{"expired", newIdentityFor(t, 1, "localhost", now.Add(-90*day), now.Add(-day)), "it has expired"},
		{"not yet valid", newIdentityFor(t, 1, "localhost", now.Add(day), now.Add(90*day)), "it is not valid yet"},
		{"for another host", newIdentityFor(t, 1, "example.org", now.Add(-day), now.Add(90*day)), "it is not for localhost"},
		{"about to expire", newIdentityFor(t, 1, "localhost", now.Add(-90*day), now.Add(5*day)), "it expires soon"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := startTLS(t, test.has)
			times := 1
			if test.words == "" {
				times = 0
			}
			s.Reload()
			s.Reload()
			said(t, s, refused, times)
			if !strings.Contains(s.Log.String(), test.words) {
				t.Errorf("the log does not say %q", test.words)
			}
			s.Clock.Move(25 * time.Hour)
			s.Reload()
			s.Reload()
			if test.name != "not yet valid" { // for it is now
				said(t, s, refused, 2*times)
			}
		})
	}
}

// One that has expired is not taken for one that has not; a fault that lasts is
// said again every day, and every hour when time is short.
func TestFaultsOfCertificatesAreSaidAgain(t *testing.T) {
	t.Parallel()
	now, day := time.Now(), 24*time.Hour
	s := startTLS(t, newIdentityFor(t, 1, "localhost", now.Add(-10*day), now.Add(60*day)))
	old := newIdentityFor(t, 2, "localhost", now.Add(-90*day), now.Add(-day))
	put(t, s.Config.TLSCert, old.certificate)
	put(t, s.Config.TLSKey, old.key)
	s.Reload()
	if served(t, s) != 1 {
		t.Error("a certificate that has expired takes the place of one that has not")
	}
	said(t, s, unusable, 1)
	for _, step := range []struct {
		by    time.Duration
		times int
	}{{23 * time.Hour, 1}, {2 * time.Hour, 2}, {2 * time.Hour, 2}, {day, 3}, {56 * day, 4}, {59 * time.Minute, 4}, {2 * time.Minute, 5}} {
		s.Clock.Move(step.by)
		s.Reload()
		said(t, s, unusable, step.times)
	}
}

// A new certificate is used from when it is valid, and not before.
func TestCertificateOfTomorrow(t *testing.T) {
	t.Parallel()
	now, day := time.Now(), 24*time.Hour
	s := startTLS(t, newIdentityFor(t, 1, "localhost", now.Add(-10*day), now.Add(60*day)))
	next := newIdentityFor(t, 2, "localhost", now.Add(time.Hour), now.Add(90*day))
	put(t, s.Config.TLSCert, next.certificate)
	put(t, s.Config.TLSKey, next.key)
	s.Reload()
	if served(t, s) != 1 {
		t.Error("a certificate that is not valid yet takes the place of one that is")
	}
	said(t, s, unusable, 1)
	said(t, s, "is not valid before", 1)
	s.Clock.Move(2 * time.Hour)
	s.Reload()
	if served(t, s) != 2 {
		t.Error("the new certificate is not used")
	}
	said(t, s, readAgain, 1)
}

// Handshakes and looks at once: nobody gets a half of one.
func TestHandshakesWhileCertificatesChange(t *testing.T) {
	t.Parallel()
	first, second := newIdentity(t, 1), newIdentity(t, 2)
	s := startTLS(t, first)
	var busy sync.WaitGroup
	for range 4 {
		busy.Go(func() {
			client := trusting(t, first, second)
			for range 20 {
				answer, err := client.Get(s.URL + "/healthz")
				if err != nil {
					t.Error(err)
					return
				}
				answer.Body.Close()
			}
		})
	}
	for i := range 20 {
		has := []identity{first, second}[i%2]
		put(t, s.Config.TLSCert, has.certificate)
		put(t, s.Config.TLSKey, has.key)
		s.Reload()
	}
	busy.Wait()
}
