package site

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// contentSecurityPolicy returns the policy of a page: everything from this
// origin, inline scripts by the hash of their text (Content Security Policy
// Level 3, section 6.7.2).
func contentSecurityPolicy(page []byte) string {
	var policy strings.Builder
	policy.WriteString("default-src 'none'; script-src 'self'")
	for _, hash := range inlineScriptHashes(page) {
		policy.WriteString(" 'sha256-" + hash + "'")
	}
	policy.WriteString("; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self';" +
		" manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
	return policy.String()
}

func inlineScriptHashes(page []byte) []string {
	var hashes []string
	tokens := html.NewTokenizer(bytes.NewReader(page))
	for {
		switch tokens.Next() {
		case html.ErrorToken:
			return hashes
		case html.StartTagToken, html.SelfClosingTagToken:
			// A script element cannot close itself: <script/> begins one too.
			name, hasAttributes := tokens.TagName()
			if string(name) != "script" || !isInlineScript(tokens, hasAttributes) {
				continue
			}
			if tokens.Next() != html.TextToken {
				continue
			}
			// Text has its line ends normalized as a browser would before it
			// hashes them.
			sum := sha256.Sum256(tokens.Text())
			hash := base64.StdEncoding.EncodeToString(sum[:])
			if !slices.Contains(hashes, hash) {
				hashes = append(hashes, hash)
			}
		}
	}
}

// isInlineScript reads the attributes of a script's tag. Data blocks, such as
// application/ld+json, are not executed and need no hash (HTML section
// 4.12.1).
func isInlineScript(tokens *html.Tokenizer, more bool) bool {
	inline, kind, language := true, "", ""
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
	return inline && isExecutable(kind)
}

// isExecutable reports whether a browser acts on an inline script of this
// type. Import maps and speculation rules are no programs, but a policy rules
// them as well.
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
