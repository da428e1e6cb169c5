package export

import (
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// sources are the external sources that pages may load from, by directive of
// the Content-Security-Policy.
type sources map[string][]string

// schemes are the schemes that may be allowed as a whole, by extensible
// directive. Code needs named hosts: a scheme would let any text become code.
var schemes = map[string][]string{
	"connect-src":  {"blob:", "data:", "https:", "wss:"},
	"font-src":     {"blob:", "data:", "https:"},
	"frame-src":    {"blob:", "https:"},
	"img-src":      {"blob:", "data:", "https:"},
	"manifest-src": {"blob:", "data:"},
	"media-src":    {"blob:", "data:", "https:", "mediastream:"},
	"script-src":   nil,
	"style-src":    nil,
	"worker-src":   {"blob:"},
}

// fixed are the directives that cannot be extended, with the reason.
var fixed = map[string]string{
	"default-src":               "it must stay 'none', so that nothing is allowed by default; name the directive that you mean",
	"base-uri":                  "an injected <base> could load the page's own scripts from elsewhere",
	"child-src":                 "name frame-src or worker-src instead",
	"form-action":               "an injected form could send elsewhere what people type",
	"frame-ancestors":           "another site could frame the page, and people would click it without seeing it",
	"object-src":                "plugins obey no other policy",
	"require-trusted-types-for": "without it, injected text could run as code",
	"trusted-types":             "without it, injected text could run as code",
}

// checkedSources returns the configured sources, or all their faults.
func checkedSources(given map[string][]string) (sources, error) {
	var faults []error
	for _, directive := range slices.Sorted(maps.Keys(given)) {
		if _, known := schemes[directive]; !known {
			reason := fixed[directive]
			if reason == "" {
				reason = "sources cannot be added to it, only to " + strings.Join(slices.Sorted(maps.Keys(schemes)), ", ")
			}
			faults = append(faults, fmt.Errorf("site: content security policy: %q: %s", directive, reason))
			continue
		}
		for _, source := range given[directive] {
			if fault := faultOfSource(directive, source); fault != "" {
				faults = append(faults, fmt.Errorf("site: content security policy: %s %q: %s", directive, source, fault))
			}
		}
	}
	return sources(given), errors.Join(faults...)
}

// faultOfSource says why a source cannot be allowed in a directive, or returns
// "" (Content Security Policy Level 3, section 2.3.1).
func faultOfSource(directive, source string) string {
	code := directive == "script-src" || directive == "style-src"
	switch {
	case source == "'self'":
		return ""
	case source == "'wasm-unsafe-eval'" && directive == "script-src":
		return ""
	case code && isHashSource(source):
		return ""
	case strings.HasPrefix(source, "'unsafe-"):
		return "injected text could run as code"
	case source == "'none'":
		return "it allows nothing, and cannot stand beside other sources; leave the directive out"
	case strings.HasPrefix(source, "'"):
		return "this keyword does nothing here, or weakens the policy"
	case source == "*" || strings.HasSuffix(source, "//*") || strings.Contains(source, "//*:") || strings.Contains(source, "//*/"):
		return "it allows the whole Internet; name the hosts"
	case strings.HasSuffix(source, ":") && isScheme(source[:len(source)-1]):
		if slices.Contains(schemes[directive], source) {
			return ""
		}
		return "it allows every host with this scheme; name the hosts, such as https://cdn.example.com"
	}
	return faultOfHost(source)
}

// faultOfHost is faultOfSource for [scheme://]host[:port][/path].
func faultOfHost(source string) string {
	const form = "it is not a source: write a host, such as https://images.example.com or *.example.com"
	scheme, rest, found := strings.Cut(source, "://")
	if !found {
		scheme, rest = "", source
	}
	host, path, _ := strings.Cut(rest, "/")
	if strings.HasPrefix(host, "[") {
		return "browsers do not support IPv6 addresses in a policy; give the host a name"
	}
	host, port, hasPort := strings.Cut(host, ":")
	switch {
	case !isPolicyHost(host), hasPort && port != "*" && !isPolicyPort(port), !isPolicyPath(path):
		return form
	case looksLikeKeyword(source):
		return "browsers read it as a host name; write 'self' with single quotes, blob: with its colon, and a host without a dot as https://intranet"
	case scheme != "" && scheme != "https" && scheme != "wss" && scheme != "http" && scheme != "ws":
		return form
	case (scheme == "http" || scheme == "ws") && host != "localhost" && host != "127.0.0.1":
		return "plain http can be changed in transit; use https (wss for sockets)"
	}
	// Browsers take a host that ends in a number for an address (URL Standard,
	// section 3.5).
	if last := host[strings.LastIndexByte(host, '.')+1:]; host != "127.0.0.1" && isNumber(last) {
		return "browsers support no IP address except 127.0.0.1 in a policy; give the host a name"
	}
	return ""
}

func isScheme(text string) bool {
	for i := range len(text) {
		if c := text[i]; c < 'a' || c > 'z' {
			return false
		}
	}
	return text != ""
}

// isPolicyHost accepts a host name, or "*." and a name other than a top-level
// domain.
func isPolicyHost(host string) bool {
	name, wildcard := strings.CutPrefix(host, "*.")
	labels := strings.Split(name, ".")
	for _, label := range labels {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for i := range len(label) {
			if c := label[i]; c != '-' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
				return false
			}
		}
	}
	return !wildcard || len(labels) > 1
}

func isPolicyPort(port string) bool {
	number, err := strconv.ParseUint(port, 10, 16)
	return err == nil && number > 0
}

// isNumber reports whether the last label of a host makes it an IPv4 address,
// such as 127.1 or 0x7f000001.
func isNumber(label string) bool {
	if len(label) > 1 && label[0] == '0' && label[1]|0x20 == 'x' {
		return true
	}
	return strings.Trim(label, "0123456789") == ""
}

// looksLikeKeyword reports whether a host may be a keyword without quotes or a
// scheme without colon, which would allow nothing.
func looksLikeKeyword(source string) bool {
	return !strings.ContainsAny(source, ".:/") && source != "localhost"
}

// isPolicyPath refuses characters that would end the source, directive or
// header.
func isPolicyPath(path string) bool {
	for i := range len(path) {
		if c := path[i]; c <= ' ' || c >= 0x7f || strings.IndexByte(`;,?#"'\<>`, c) >= 0 {
			return false
		}
	}
	return true
}

func isHashSource(source string) bool {
	inner, quoted := strings.CutSuffix(strings.TrimPrefix(source, "'"), "'")
	algorithm, encoded, found := strings.Cut(inner, "-")
	size := map[string]int{"sha256": 32, "sha384": 48, "sha512": 64}[algorithm]
	sum, err := base64.StdEncoding.DecodeString(encoded)
	// The decoder skips line breaks, which would end the source.
	whole := base64.StdEncoding.EncodeToString(sum) == encoded
	return quoted && source[0] == '\'' && found && err == nil && whole && size > 0 && len(sum) == size
}
