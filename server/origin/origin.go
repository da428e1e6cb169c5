// Package origin owns the installation's public origin (RFC 6454): parsing it,
// which Host headers belong to it, and which hosts are loopback. It imports
// nothing of ours.
package origin

import (
	"errors"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// Origin is a scheme, host and port. The zero Origin owns no request.
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
		return Origin{}, errors.New("it must be only scheme, host and port, such as https://app.example.com")
	}
	return New(address.Scheme, address.Hostname(), address.Port()), nil
}

// New returns an origin. The host has no brackets; an empty port is the
// scheme's default.
func New(scheme, host, port string) Origin {
	if port == "" {
		port = defaultPorts[scheme]
	}
	return Origin{scheme: scheme, host: canonical(host), port: port}
}

// canonical returns a host as browsers write it: in lower case, IPv6 in its
// short form (RFC 5952).
func canonical(host string) string {
	if address, err := netip.ParseAddr(host); err == nil {
		return address.String()
	}
	return strings.ToLower(host)
}

// isHost reports whether a host without brackets is an address, or a name
// possible in a Host header: no request could match any other.
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

// String returns the origin as browsers write it.
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

// Secure reports whether the scheme is https.
func (o Origin) Secure() bool { return o.scheme == "https" }

// Loopback reports whether the host is this machine.
func (o Origin) Loopback() bool { return IsLoopback(o.host) }

// Owns reports whether a request with this Host header is for the origin. A
// loopback origin owns every loopback name with its port.
func (o Origin) Owns(hostHeader string) bool {
	host, port := split(hostHeader)
	if port == "" {
		port = defaultPorts[o.scheme]
	}
	return host != "" && port == o.port && (host == o.host || o.Loopback() && IsLoopback(host) && isHost(host))
}

// split returns the host (without brackets) and port of a Host header. The host
// is empty if brackets are unclosed or enclose a name.
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
