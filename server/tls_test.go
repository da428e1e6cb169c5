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
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial),
		Subject:      pkix.Name{CommonName: "localhost"},
		DNSNames:     []string{"localhost"},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
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

func TestCertificateIsReadAgain(t *testing.T) {
	t.Parallel()
	first, second := newIdentity(t, 1), newIdentity(t, 2)
	s := startTLS(t, first)
	client := trusting(t, first, second)
	serial := func() int64 {
		t.Helper()
		answer, err := client.Get(s.URL + "/healthz")
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		return answer.TLS.PeerCertificates[0].SerialNumber.Int64()
	}
	if serial() != 1 {
		t.Fatal("not the certificate it was started with")
	}
	// A renewal writes two files, and connections come in between.
	put(t, s.Config.TLSCert, second.certificate)
	eventually(t, "it is noticed that the files do not fit", 5*time.Second, func() bool {
		if serial() != 1 {
			t.Fatal("a certificate without its key is used")
		}
		return strings.Contains(s.Log.String(), "the TLS certificate cannot be read again")
	})
	put(t, s.Config.TLSKey, second.key)
	eventually(t, "the new certificate is used", 5*time.Second, func() bool { return serial() == 2 })

	if err := os.Remove(s.Config.TLSKey); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if serial() != 2 {
			t.Error("a certificate that is gone is not used any more")
		}
	}
	if lines := strings.Count(s.Log.String(), "the TLS certificate cannot be read again"); lines != 2 {
		t.Errorf("%d log lines for two faults", lines)
	}
}
