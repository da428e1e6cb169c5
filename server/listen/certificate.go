package listen

import (
	"bytes"
	"context"
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
	// certificateReminder is how often a fault that lasts is logged again, and
	// urgentReminder the same once the certificate in use is about to expire.
	certificateReminder = 24 * time.Hour
	urgentReminder      = time.Hour
	// urgentBefore says when that is.
	urgentBefore = 3 * 24 * time.Hour
)

// Certificate is a TLS certificate that is read again when its files change,
// so that a renewal needs no restart. Handshakes take what is loaded and touch
// no file.
type Certificate struct {
	certFile, keyFile string
	host              string // that it should be for
	log               *slog.Logger
	now               func() time.Time

	loaded atomic.Pointer[tls.Certificate]

	mu       sync.Mutex        // of those who look
	read     [sha256.Size]byte // hash of the files that were loaded
	told     string            // what was logged last of what is wrong; empty: nothing is
	lastTold time.Time
	ailing   bool // told is about files that cannot be used
}

// LoadCertificate reads a certificate, which should be for a host, and its key.
func LoadCertificate(certFile, keyFile, host string, log *slog.Logger, now func() time.Time) (*Certificate, error) {
	c := &Certificate{certFile: certFile, keyFile: keyFile, host: host, log: log, now: now}
	fresh, hash, err := c.readFiles()
	if err != nil {
		return nil, fmt.Errorf("load the TLS certificate: %w", err)
	}
	c.use(fresh, hash)
	c.tell()
	return c, nil
}

// get is for tls.Config.GetCertificate.
func (c *Certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return c.loaded.Load(), nil
}

// Look reads the files, and takes the certificate in them into use when it is
// another one. It goes by what they hold and by nothing else: a file can be
// replaced under the same time stamp, and behind the same link. Files that
// cannot be used, perhaps because they are just being written, leave the
// certificate as it was, and are tried again at the next look. It tells the log of faults itself, by rules of its own, and
// returns none.
func (c *Certificate) Look(context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	fresh, hash, err := c.readFiles()
	if err == nil && hash != c.read {
		err = c.worse(fresh.Leaf)
	}
	if err != nil {
		c.remind(c.log.Error, "the TLS certificate cannot be read again; the one before it stays in use", err.Error(), true)
		return nil
	}
	changed := hash != c.read
	if changed {
		c.use(fresh, hash)
	}
	if changed || c.ailing {
		c.log.Info("the TLS certificate was read again", "expires", fresh.Leaf.NotAfter)
		c.told, c.ailing = "", false
	}
	c.tell()
	return nil
}

func (c *Certificate) use(fresh *tls.Certificate, hash [sha256.Size]byte) {
	c.loaded.Store(fresh)
	c.read = hash
}

// readFiles returns the pair with the hash of both files. They may be replaced
// in between: then they do not fit, or the next look finds others.
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

// worse refuses a certificate that has expired or is not valid yet, while the
// one in use is valid.
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

// tell warns of what browsers will refuse, or soon will, in the certificate
// that is in use.
func (c *Certificate) tell() {
	leaf, now := c.loaded.Load().Leaf, c.now()
	life := leaf.NotAfter.Sub(leaf.NotBefore)
	words := ""
	switch hostErr := leaf.VerifyHostname(c.host); {
	case now.After(leaf.NotAfter):
		words = "it has expired: put a new one into its place"
	case now.Before(leaf.NotBefore):
		words = "it is not valid yet: correct the clock of this machine, or put another one into its place"
	case hostErr != nil:
		words = "it is not for " + c.host + ", the host of the origin: put one for that host into its place, or correct --origin"
	case leaf.NotAfter.Sub(now) < life/10:
		words = "it expires soon: see that it is renewed"
	default:
		c.told = ""
		return
	}
	c.remind(c.log.Warn, "browsers refuse the TLS certificate, or soon will", words, false)
}

// remind logs what is wrong when it begins, when it is something else, and
// again from time to time.
func (c *Certificate) remind(say func(string, ...any), message, words string, ailing bool) {
	leaf, now := c.loaded.Load().Leaf, c.now()
	every := certificateReminder
	if leaf.NotAfter.Sub(now) < urgentBefore {
		every = urgentReminder
	}
	if since := now.Sub(c.lastTold); words == c.told && since >= 0 && since < every {
		return
	}
	c.told, c.lastTold, c.ailing = words, now, ailing
	say(message, "error", words, "file", c.certFile, "expires", leaf.NotAfter)
}
