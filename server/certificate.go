package server

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// certificate is a TLS certificate that is read again when its files change,
// so that a renewal needs no restart.
type certificate struct {
	certFile, keyFile string
	log               *slog.Logger

	mu      sync.Mutex
	loaded  *tls.Certificate
	written [2]time.Time // of the files that were loaded
}

// get is for tls.Config.GetCertificate. Files that cannot be used, perhaps
// because they are just being written, leave the certificate as it was.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	written, err := c.lastWritten()
	if err == nil && c.loaded != nil && written == c.written {
		return c.loaded, nil
	}
	var fresh tls.Certificate
	if err == nil {
		fresh, err = tls.LoadX509KeyPair(c.certFile, c.keyFile)
	}
	if err == nil {
		c.loaded, c.written = &fresh, written
		return c.loaded, nil
	}
	if c.loaded == nil {
		return nil, fmt.Errorf("load the TLS certificate: %w", err)
	}
	if written != c.written {
		c.log.Error("the TLS certificate cannot be read again; the one before it stays in use", "error", err)
		c.written = written
	}
	return c.loaded, nil
}

func (c *certificate) lastWritten() (written [2]time.Time, err error) {
	for i, file := range []string{c.certFile, c.keyFile} {
		info, err := os.Stat(file)
		if err != nil {
			return written, err
		}
		written[i] = info.ModTime()
	}
	return written, nil
}
