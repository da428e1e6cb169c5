package export

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"path"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// base is what every page's policy allows: everything from this origin, and
// images and media created by the page. Directives are in the order sent.
var base = []struct{ directive, sources string }{
	{"script-src", "'self'"},
	{"style-src", "'self'"},
	{"img-src", "'self' data: blob:"},
	{"font-src", "'self'"},
	{"connect-src", "'self'"},
	{"media-src", "'self' data: blob:"},
	{"manifest-src", "'self'"},
	{"worker-src", "'self'"},
	{"frame-src", ""},
}

// policyOf returns the policy of a file, or "".
func (s sources) policyOf(name string, media mediaType, content []byte) string {
	kind, _, _ := strings.Cut(media.ContentType, "/")
	switch ext := path.Ext(name); {
	case ext == ".html":
		return s.contentSecurityPolicy(content)
	case ext == ".js" || ext == ".mjs":
		return s.scriptPolicy()
	case kind == "audio" || kind == "video":
		return mediaPolicy
	}
	return ""
}

// contentSecurityPolicy returns the policy of a page: base and the allowed
// sources, inline scripts by hash (Content Security Policy Level 3, section
// 6.7.2), and Trusted Types if the page is made for them.
func (s sources) contentSecurityPolicy(page []byte) string {
	var policy strings.Builder
	policy.WriteString("default-src 'none'")
	found := scripts(page)
	for _, b := range base {
		s.write(&policy, b.directive, b.sources)
		if b.directive == "script-src" {
			for _, hash := range found.inlineHashes {
				policy.WriteString(" 'sha256-" + hash + "'")
			}
		}
	}
	policy.WriteString("; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
	// The Next.js client turns text into scripts, so a page that runs it needs
	// the policy "default" first, or it would break. A page without scripts is
	// not affected.
	if found.defaultPolicy || !found.any {
		policy.WriteString("; require-trusted-types-for 'script'; trusted-types default nextjs")
	}
	return policy.String()
}

// scriptPolicy returns the policy of a script. It only affects workers started
// from it, which have no page: they may load the scripts, requests and fonts
// that pages may.
func (s sources) scriptPolicy() string {
	var policy strings.Builder
	policy.WriteString("default-src 'none'")
	for _, b := range base {
		switch b.directive {
		case "script-src", "font-src", "connect-src", "worker-src":
			s.write(&policy, b.directive, b.sources)
		}
	}
	policy.WriteString("; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	return policy.String()
}

// mediaPolicy is the policy of sound and video. A video opened directly is
// loaded by a page that the browser creates around it.
const mediaPolicy = "default-src 'none'; media-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// write adds a directive unless it has no sources.
func (s sources) write(policy *strings.Builder, directive, own string) {
	allowed := strings.Fields(own)
	for _, source := range s[directive] {
		if !slices.Contains(allowed, source) {
			allowed = append(allowed, source)
		}
	}
	if len(allowed) > 0 {
		policy.WriteString("; " + directive + " " + strings.Join(allowed, " "))
	}
}

// scriptsOf is what a policy depends on in a page's scripts.
type scriptsOf struct {
	any           bool     // has an executable script
	inlineHashes  []string // base64 SHA-256 of each distinct inline script
	defaultPolicy bool     // a script creates the Trusted Types policy "default"
}

// defaultPolicy matches the creation of the policy that browsers apply whenever
// text becomes code (Trusted Types, section "default policy").
var defaultPolicy = regexp.MustCompile("\\bcreatePolicy\\(\\s*[\"'`]default[\"'`]")

func scripts(page []byte) (found scriptsOf) {
	tokens := html.NewTokenizer(bytes.NewReader(page))
	for {
		switch tokens.Next() {
		case html.ErrorToken:
			return found
		case html.StartTagToken, html.SelfClosingTagToken:
			// A script element cannot be self-closing: <script/> opens one too.
			name, hasAttributes := tokens.TagName()
			if string(name) != "script" {
				continue
			}
			inline, executable := kindOfScript(tokens, hasAttributes)
			found.any = found.any || executable
			if !inline || !executable || tokens.Next() != html.TextToken {
				continue
			}
			// Line ends are normalized, as browsers do before hashing.
			text := tokens.Text()
			found.defaultPolicy = found.defaultPolicy || defaultPolicy.Match(text)
			sum := sha256.Sum256(text)
			hash := base64.StdEncoding.EncodeToString(sum[:])
			if !slices.Contains(found.inlineHashes, hash) {
				found.inlineHashes = append(found.inlineHashes, hash)
			}
		}
	}
}

// kindOfScript reads the attributes of a script tag. Data blocks such as
// application/ld+json are not executed and need no hash (HTML, section 4.12.1).
func kindOfScript(tokens *html.Tokenizer, more bool) (inline, executable bool) {
	inline = true
	kind, language := "", ""
	typed := false
	for more {
		var name, value []byte
		name, value, more = tokens.TagAttr()
		switch string(name) {
		case "src":
			inline = false
		case "type":
			kind, typed = string(value), true
		case "language":
			language = string(value)
		}
	}
	if !typed && language != "" {
		kind = "text/" + language
	}
	return inline, isExecutable(kind)
}

// isExecutable reports whether browsers act on inline scripts of this type.
// Import maps and speculation rules are not programs, but subject to the
// policy.
func isExecutable(kind string) bool {
	switch kind = strings.ToLower(strings.Trim(kind, " \t\n\f\r")); kind {
	case "", "module", "importmap", "speculationrules":
		return true
	}
	// The JavaScript media types of WHATWG MIME Sniffing, section 4.6.
	_, name, _ := strings.Cut(kind, "/")
	switch name {
	case "javascript", "ecmascript", "x-javascript", "x-ecmascript", "jscript", "livescript",
		"javascript1.0", "javascript1.1", "javascript1.2", "javascript1.3", "javascript1.4", "javascript1.5":
		return true
	}
	return false
}
