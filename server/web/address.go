package web

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"

	"github.com/labstack/echo/v4"
)

// Proxies are the peers whose forwarded headers are trusted. Each server has
// one, shared by all its requests.
type Proxies struct {
	trusted []netip.Prefix
	log     *slog.Logger
	warned  sync.Once
}

// NewProxies returns the proxies in these ranges. It logs a warning for the
// first forwarded header from any other peer.
func NewProxies(trusted []netip.Prefix, log *slog.Logger) *Proxies {
	return &Proxies{trusted: trusted, log: log}
}

// forwardedHeaders are the headers in which proxies describe their client. Only
// the first two are read.
var forwardedHeaders = []string{echo.HeaderXForwardedFor, echo.HeaderXForwardedProto, "X-Forwarded-Host", "Forwarded", "X-Real-Ip"}

// Watch warns once when an untrusted peer sends a forwarded header: behind an
// unlisted proxy everybody would share one rate limit.
func (p *Proxies) Watch() echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			r := c.Request()
			for _, name := range forwardedHeaders {
				if r.Header[name] == nil || p.fromTrusted(r) {
					continue
				}
				p.warned.Do(func() {
					p.log.Warn("a forwarded header from an untrusted peer was ignored. If that peer is your proxy, name it with --trusted-proxy, because limits count the proxy instead of people until then. Otherwise a client made the header up. This is logged once",
						"header", name, "peer", peerOf(r).text)
				})
				break
			}
			return next(c)
		}
	}
}

// Address returns the client's address in canonical form: the peer or, behind
// trusted proxies, their client. X-Forwarded-For is read from its end, because
// every proxy appends the address it saw; the first that is not a trusted proxy
// is the client. An unparsable entry ends the walk, and the last good address
// counts.
func (p *Proxies) Address(r *http.Request) string {
	peer := peerOf(r)
	if !p.trusts(peer.address) {
		return peer.text
	}
	client := peer.address
	// Several header lines form one list (RFC 9110, section 5.3).
	lines := r.Header[echo.HeaderXForwardedFor]
	for i := len(lines) - 1; i >= 0; i-- {
		for rest := lines[i]; ; {
			at := strings.LastIndexByte(rest, ',')
			entry := strings.Trim(rest[at+1:], " \t")
			if entry != "" { // empty list members are allowed (section 5.6.1)
				address, ok := parseForwarded(entry)
				if !ok {
					return client.String()
				}
				if client = address; !p.trusts(client) {
					return client.String()
				}
			}
			if at < 0 {
				break
			}
			rest = rest[:at]
		}
	}
	return client.String()
}

// CameInPlain reports whether a trusted proxy received the request over plain
// http. The last of several values counts, as written by the proxy itself.
func (p *Proxies) CameInPlain(r *http.Request) bool {
	lines := r.Header[echo.HeaderXForwardedProto]
	if len(lines) == 0 || r.TLS != nil || !p.fromTrusted(r) {
		return false
	}
	last := lines[len(lines)-1]
	last = last[strings.LastIndexByte(last, ',')+1:]
	return strings.EqualFold(unquoted(strings.Trim(last, " \t")), "http")
}

func (p *Proxies) fromTrusted(r *http.Request) bool { return p.trusts(peerOf(r).address) }

func (p *Proxies) trusts(address netip.Addr) bool {
	for _, proxy := range p.trusted {
		if proxy.Contains(address) {
			return true
		}
	}
	return false
}

// peer is the other end of a connection.
type peer struct {
	address  netip.Addr // the zero one is not a network address, and in no range
	text     string
	gatherer gatherer // the connection, if it is one
}

func newPeer(remote string) peer {
	parsed, err := netip.ParseAddrPort(remote)
	if err != nil {
		return peer{text: netip.Addr{}.String()}
	}
	address := plain(parsed.Addr())
	return peer{address: address, text: address.String()}
}

type peerKey struct{}

// WithPeer is for http.Server.ConnContext: the peer's address is parsed once for
// each connection, instead of for each request.
func WithPeer(ctx context.Context, connection net.Conn) context.Context {
	peer := newPeer(connection.RemoteAddr().String())
	peer.gatherer, _ = connection.(gatherer) // not with TLS, which writes from more than one place
	return context.WithValue(ctx, peerKey{}, peer)
}

// peerOf returns the peer of a request's connection.
func peerOf(r *http.Request) peer {
	if known, ok := r.Context().Value(peerKey{}).(peer); ok {
		return known
	}
	return newPeer(r.RemoteAddr)
}

// plain normalizes an address: IPv4 unmapped, and without a zone, which has
// only local meaning.
func plain(address netip.Addr) netip.Addr { return address.Unmap().WithZone("") }

// parseForwarded parses an entry of X-Forwarded-For: an address, possibly in
// brackets or quotes, possibly with a port, which some proxies always add.
func parseForwarded(entry string) (netip.Addr, bool) {
	entry = unquoted(entry)
	if bare, ok := strings.CutPrefix(entry, "["); ok {
		address, after, closed := strings.Cut(bare, "]")
		port, hasPort := strings.CutPrefix(after, ":")
		parsed, err := netip.ParseAddr(address)
		ok := err == nil && closed && parsed.Is6() && (after == "" || hasPort && isPort(port))
		return plain(parsed), ok
	}
	if address, port, found := strings.Cut(entry, ":"); found && !strings.Contains(port, ":") {
		parsed, err := netip.ParseAddr(address)
		return plain(parsed), err == nil && isPort(port)
	}
	parsed, err := netip.ParseAddr(entry)
	return plain(parsed), err == nil
}

func unquoted(text string) string {
	if len(text) >= 2 && text[0] == '"' && text[len(text)-1] == '"' {
		return text[1 : len(text)-1]
	}
	return text
}

func isPort(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return text != "" && len(text) <= 5
}
