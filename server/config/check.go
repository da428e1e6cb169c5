package config

import (
	"crypto/tls"
	"net"
	"strconv"

	"lychgate/server/origin"
)

// check finds settings that do not go together.
func (c *Config) check(r *Reader) {
	c.checkTLS(r)
	if len(r.faults["origin"]) == 0 {
		c.checkOrigin(r)
	}
	c.checkFrontendDev(r)
}

func (c *Config) checkTLS(r *Reader) {
	pair := "--tls-key " + strconv.Quote(c.TLSKey)
	if (c.TLSCert == "") != (c.TLSKey == "") {
		r.fault("tls-cert", "--tls-cert and --tls-key go together ("+pair+")")
		return
	}
	if c.TLSCert == "" {
		return
	}
	if _, err := tls.LoadX509KeyPair(c.TLSCert, c.TLSKey); err != nil {
		r.fault("tls-cert", "it cannot be used with "+pair+": "+err.Error())
	}
}

// public is the public origin, except for a port that is picked later.
func (c *Config) public() origin.Origin {
	if c.Origin != (origin.Origin{}) {
		return c.Origin
	}
	return c.defaultOrigin("")
}

func (c *Config) checkOrigin(r *Reader) {
	name, public := "origin", c.public()
	if c.Origin == (origin.Origin{}) {
		name = "addr"
	}
	if c.TLSCert != "" && !public.Secure() {
		r.fault(name, "with --tls-cert the origin must begin with https://")
	}
	if !public.Secure() && !public.Loopback() && !c.InsecureCookies {
		r.fault(name, "the origin "+public.String()+" is plain http on a host that is not loopback, where browsers refuse secure cookies and passwords can be read in transit: give --origin https://…, or --insecure-cookies on a network that you trust")
	}
}

// checkFrontendDev keeps the pages of `next dev`, which come without the
// policies of a build, on this machine.
func (c *Config) checkFrontendDev(r *Reader) {
	if c.FrontendDev == (origin.Origin{}) {
		return // none, or at fault already
	}
	if c.FrontendDev.Secure() || !c.FrontendDev.Loopback() {
		r.fault("frontend-dev", "it must be plain http on this machine, such as http://localhost:3000")
	}
	host, _, _ := net.SplitHostPort(c.Addr) // checked when it was read
	if !c.public().Loopback() || c.Addr != "" && !origin.IsLoopback(host) {
		r.fault("frontend-dev", "it is for development on this machine: give it an --addr and an --origin on localhost")
	}
}
