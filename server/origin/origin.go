// Package origin owns the public origin of an installation (RFC 6454): how
// one is read, which Host headers belong to it, and which hosts are loopback.
// It imports nothing of ours.
package origin

import (
	"errors"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// Origin is scheme, host and port. The zero Origin belongs to nobody.
type Origin struct{ scheme, host, port string }

var defaultPorts = map[string]string{"http": "80", "https": "443"}

// Parse reads an origin such as https://app.example.com or
// http://localhost:8080.
func Parse(text string) (Origin, error) {
	address, err := url.Parse(text)
	if err != nil {
		return Origin{}, errors.New("it is not an address")
	}
	if defaultPorts[address.Scheme] == "" {
		return Origin{}, errors.New("it must begin with http:// or https://")
	}
	if !isHost(address.Hostname()) {
		return Origin{}, errors.New("it needs a host, in ASCII as browsers send it, such as app.example.com or xn--bcher-kva.example")
	}
	if port := address.Port(); port != "" && !isPort(port) {
		return Origin{}, errors.New("its port must be a number from 1 to 65535")
	}
	if address.User != nil || strings.Trim(address.Path, "/") != "" || strings.ContainsAny(text, "?#") {
		return Origin{}, errors.New("it must be scheme, host and port alone, such as https://app.example.com")
	}
	return New(address.Scheme, address.Hostname(), address.Port()), nil
}

// New returns the origin of a scheme, a host without brackets, and a port,
// which may be empty for the scheme's own.
func New(scheme, host, port string) Origin {
	if port == "" {
		port = defaultPorts[scheme]
	}
	return Origin{scheme: scheme, host: canonical(host), port: port}
}

// canonical returns a host as a browser writes it: in lower case, an IPv6
// address in its one short form (RFC 5952).
func canonical(host string) string {
	if address, err := netip.ParseAddr(host); err == nil {
		return address.String()
	}
	return strings.ToLower(host)
}

// isHost reports whether a host, without brackets, is an address, or a name
// that can stand in a Host header: other names would fit no request.
func isHost(host string) bool {
	if address, err := netip.ParseAddr(host); err == nil {
		return address.Zone() == ""
	}
	return host != "" && strings.Trim(strings.ToLower(host), "abcdefghijklmnopqrstuvwxyz0123456789-_.") == ""
}

func isPort(port string) bool {
	number, err := strconv.ParseUint(port, 10, 16)
	return err == nil && number > 0 && strconv.FormatUint(number, 10) == port
}

// String returns the origin as a browser writes it.
func (o Origin) String() string {
	host := o.host
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if o.port != defaultPorts[o.scheme] {
		host += ":" + o.port
	}
	return o.scheme + "://" + host
}

// Host returns the host, without brackets.
func (o Origin) Host() string { return o.host }

// Secure reports whether the origin is an https one.
func (o Origin) Secure() bool { return o.scheme == "https" }

// Loopback reports whether the origin is on this machine alone.
func (o Origin) Loopback() bool { return IsLoopback(o.host) }

// Owns reports whether a request with this Host header is for the origin. On
// a loopback origin every loopback name with its port is.
func (o Origin) Owns(hostHeader string) bool {
	host, port := split(hostHeader)
	if port == "" {
		port = defaultPorts[o.scheme]
	}
	return host != "" && port == o.port && (host == o.host || o.Loopback() && IsLoopback(host) && isHost(host))
}

// split returns host, without brackets, and port of a Host header; the host is
// empty where brackets are not closed, or stand around a name.
func split(hostHeader string) (host, port string) {
	host, port, err := net.SplitHostPort(hostHeader)
	if err != nil {
		host, port = hostHeader, ""
		if inside, found := strings.CutPrefix(host, "["); found {
			if host, found = strings.CutSuffix(inside, "]"); !found {
				return "", ""
			}
		}
	}
	if bracketed := strings.HasPrefix(hostHeader, "["); bracketed != strings.Contains(host, ":") {
		return "", ""
	}
	return canonical(host), port
}

// IsLoopback reports whether a host, without brackets, is this machine:
// localhost and the names below it (RFC 6761, section 6.3), 127.0.0.0/8, ::1.
func IsLoopback(host string) bool {
	host = strings.ToLower(host)
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.IsLoopback()
}
