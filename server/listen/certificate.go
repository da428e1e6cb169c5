package listen

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// certificateReminder is how often a lasting fault is logged again, and
	// urgentReminder the same once the current certificate is about to expire.
	certificateReminder = 24 * time.Hour
	urgentReminder      = time.Hour
	// urgentBefore is how long before its expiry that is.
	urgentBefore = 3 * 24 * time.Hour
)

// Certificate is a TLS certificate that is reloaded when its files change, so
// that a renewal needs no restart. Handshakes use the loaded one and read no
// file.
type Certificate struct {
	certFile, keyFile string
	host              string // should be in the certificate
	log               *slog.Logger
	now               func() time.Time

	loaded atomic.Pointer[tls.Certificate]

	mu         sync.Mutex        // held by Look
	read       [sha256.Size]byte // hash of the loaded files
	logged     string            // the last logged fault; empty: none
	lastLogged time.Time
	ailing     bool // logged is about unusable files
}

// LoadCertificate reads a certificate, which should be for host, and its key.
func LoadCertificate(certFile, keyFile, host string, log *slog.Logger, now func() time.Time) (*Certificate, error) {
	c := &Certificate{certFile: certFile, keyFile: keyFile, host: host, log: log, now: now}
	fresh, hash, err := c.readFiles()
	if err != nil {
		return nil, fmt.Errorf("load the TLS certificate: %w", err)
	}
	c.use(fresh, hash)
	c.warn()
	return c, nil
}

// get implements tls.Config.GetCertificate.
func (c *Certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return c.loaded.Load(), nil
}

// Look reads the files and starts using their certificate if it is another one.
// It compares contents, because a file can be replaced under the same timestamp
// or behind the same link. Unusable files, perhaps half-written, leave the
// certificate unchanged, and are tried again next time. It logs faults itself.
func (c *Certificate) Look() {
	c.mu.Lock()
	defer c.mu.Unlock()
	fresh, hash, err := c.readFiles()
	if err == nil && hash != c.read {
		err = c.worse(fresh.Leaf)
	}
	if err != nil {
		c.remind(c.log.Error, "the TLS certificate cannot be reloaded; the previous one stays in use", err.Error(), true)
		return
	}
	changed := hash != c.read
	if changed {
		c.use(fresh, hash)
	}
	if changed || c.ailing {
		c.log.Info("the TLS certificate was reloaded", "expires", fresh.Leaf.NotAfter)
		c.logged, c.ailing = "", false
	}
	c.warn()
}

func (c *Certificate) use(fresh *tls.Certificate, hash [sha256.Size]byte) {
	c.loaded.Store(fresh)
	c.read = hash
}

// readFiles returns the certificate and the hash of both files. If they are
// replaced in between, they do not match, or the next look finds the change.
func (c *Certificate) readFiles() (*tls.Certificate, [sha256.Size]byte, error) {
	certificatePEM, certificateErr := os.ReadFile(c.certFile)
	keyPEM, keyErr := os.ReadFile(c.keyFile)
	if err := errors.Join(certificateErr, keyErr); err != nil {
		return nil, [sha256.Size]byte{}, err
	}
	pair, err := tls.X509KeyPair(certificatePEM, keyPEM)
	if err != nil {
		return nil, [sha256.Size]byte{}, fmt.Errorf("%s with %s: %w", c.certFile, c.keyFile, err)
	}
	return &pair, sha256.Sum256(bytes.Join([][]byte{certificatePEM, keyPEM}, []byte{0})), nil
}

// worse refuses an expired or not yet valid certificate while the current one
// is valid.
func (c *Certificate) worse(fresh *x509.Certificate) error {
	now, used := c.now(), c.loaded.Load().Leaf
	switch {
	case now.Before(used.NotBefore) || now.After(used.NotAfter):
		return nil
	case now.After(fresh.NotAfter):
		return fmt.Errorf("the certificate in %s expired on %s", c.certFile, fresh.NotAfter.UTC().Format(time.RFC3339))
	case now.Before(fresh.NotBefore):
		return fmt.Errorf("the certificate in %s is not valid before %s", c.certFile, fresh.NotBefore.UTC().Format(time.RFC3339))
	}
	return nil
}

// warn logs what browsers refuse, or soon will, about the current certificate.
func (c *Certificate) warn() {
	leaf, now := c.loaded.Load().Leaf, c.now()
	life := leaf.NotAfter.Sub(leaf.NotBefore)
	words := ""
	switch hostErr := leaf.VerifyHostname(c.host); {
	case now.After(leaf.NotAfter):
		words = "it has expired: replace it"
	case now.Before(leaf.NotBefore):
		words = "it is not valid yet: correct this machine's clock, or replace it"
	case hostErr != nil:
		words = "it is not for " + c.host + ", the host of the origin: replace it with one for that host, or correct --origin"
	case leaf.NotAfter.Sub(now) < life/10:
		words = "it expires soon: renew it"
	default:
		c.logged = ""
		return
	}
	c.remind(c.log.Warn, "browsers refuse the TLS certificate, or soon will", words, false)
}

// remind logs a fault when it begins or changes, and repeats it from time to
// time.
func (c *Certificate) remind(say func(string, ...any), message, words string, ailing bool) {
	leaf, now := c.loaded.Load().Leaf, c.now()
	every := certificateReminder
	if leaf.NotAfter.Sub(now) < urgentBefore {
		every = urgentReminder
	}
	if since := now.Sub(c.lastLogged); words == c.logged && since >= 0 && since < every {
		return
	}
	c.logged, c.lastLogged, c.ailing = words, now, ailing
	say(message, "error", words, "file", c.certFile, "expires", leaf.NotAfter)
}
