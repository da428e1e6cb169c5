package site

import (
	"bytes"
	"net/url"
	"path"
	"strings"
)

// publicAssets returns the files below _next/ that a stranger may have. Of
// _next/static these are the ones that the public pages reach: named as
// static/… in their HTML or payloads, or in a script or style sheet so reached
// (the bundler writes the names of lazy chunks into the chunk that loads
// them), or asked of a webpack runtime by number. Everything else a page needs
// only after sign-in.
//
// The build manifests are never followed: they name the chunks of every page.
func publicAssets(contents map[string][]byte, protected prefixes) map[string]bool {
	c := &closure{contents: contents, reached: make(map[string]bool), called: make(map[string]bool)}
	for name, content := range contents {
		if isNextFile(name) {
			page, ok := pageOfData(name)
			if ok && hasPage(contents, page) && !protected.holds(page) {
				c.reached[name] = true
			}
			continue
		}
		ext := path.Ext(name)
		if (ext == ".html" || ext == ".txt") && protected.labelOf(name, nil) == public {
			c.scanNames(content)
		}
	}
	for grown := true; grown; {
		grown = c.follow() || c.loadLazyChunks()
	}
	return c.reached
}

func hasPage(contents map[string][]byte, page string) bool {
	stem := strings.TrimPrefix(page, "/")
	_, flat := contents[stem+".html"]
	_, folder := contents[path.Join(stem, "index.html")]
	return flat || folder
}

// closure is the search for the files that public pages reach.
type closure struct {
	contents map[string][]byte
	reached  map[string]bool
	queue    []string

	// Of webpack exports alone:
	chunkNames []chunkName     // the functions that name lazy chunks
	called     map[string]bool // the ids of the chunks that reached scripts load
	scripts    []string        // reached scripts whose calls were not read yet
}

// follow reads the files reached and not read yet; it reports whether there
// were any.
func (c *closure) follow() bool {
	if len(c.queue) == 0 {
		return false
	}
	for len(c.queue) > 0 {
		name := c.queue[len(c.queue)-1]
		c.queue = c.queue[:len(c.queue)-1]
		content := c.contents[name]
		switch {
		case isBuildManifest(name):
		case path.Ext(name) == ".js" || path.Ext(name) == ".mjs":
			c.scanScript(name, content)
		case path.Ext(name) == ".css":
			c.scanNames(content)
			c.scanStyleSheet(path.Dir(name), content)
		}
	}
	return true
}

func isBuildManifest(name string) bool {
	base := path.Base(name)
	return strings.HasPrefix(base, "_") && strings.Contains(base, "Manifest")
}

func (c *closure) scanScript(name string, content []byte) {
	c.scripts = append(c.scripts, name)
	names, rest, ok := chunkNamesOf(name, content)
	if !ok {
		// A runtime whose map cannot be read: following its words could
		// publish every lazy chunk, so it leads nowhere.
		return
	}
	c.chunkNames = append(c.chunkNames, names...)
	for _, part := range rest {
		c.scanNames(part)
	}
}

// loadLazyChunks reaches the chunks that the reached scripts ask a webpack
// runtime for; it reports whether there were new ones.
func (c *closure) loadLazyChunks() bool {
	if len(c.chunkNames) == 0 {
		return false
	}
	for _, script := range c.scripts {
		chunkCalls(script, c.contents[script], func(id string) { c.called[id] = true })
	}
	c.scripts = nil
	for id := range c.called {
		for _, nameOf := range c.chunkNames {
			if name, ok := nameOf(id); ok {
				c.reach("_next/" + name)
			}
		}
	}
	return len(c.queue) > 0
}

// reach adds a file to the closure and reports whether it is one.
func (c *closure) reach(name string) bool {
	if _, exists := c.contents[name]; !exists {
		return false
	}
	if !c.reached[name] {
		c.reached[name] = true
		c.queue = append(c.queue, name)
	}
	return true
}

var staticFolder = []byte("static/")

// longestName bounds the work on text that only begins like a name.
const longestName = 512

// scanNames reaches every static/… name in content.
func (c *closure) scanNames(content []byte) {
	for {
		at := bytes.Index(content, staticFolder)
		if at < 0 {
			return
		}
		content = content[at:]
		text := content[:min(len(content), longestName)]
		if end := bytes.IndexFunc(text, endsName); end >= 0 {
			text = text[:end]
		}
		c.reachLongest(string(text))
		content = content[len(staticFolder):]
	}
}

// endsName reports what cannot be part of a name in HTML, JSON, script or
// style sheet: quotes and the backslash of an escaped one, spaces, brackets of
// markup, and the start of a query or fragment.
func endsName(r rune) bool {
	return r <= ' ' || strings.ContainsRune("\"'`\\<>?#\x7f", r)
}

// reachLongest reaches the longest name that text begins with. A name may hold
// any of the characters that text is cut at, as app/(shop)/page-1f.js does, and
// text without quotes, as url(…) in a style sheet, may end at one.
func (c *closure) reachLongest(text string) {
	for len(text) > len(staticFolder) {
		if c.reach("_next/" + text) {
			return
		}
		if strings.Contains(text, "%") {
			if decoded, err := url.PathUnescape(text); err == nil && c.reach("_next/"+decoded) {
				return
			}
		}
		text = text[:max(strings.LastIndexAny(text, "),;&|]}:!*="), 0)]
	}
}

// scanStyleSheet reaches what url(…) and @import name, relative to the style
// sheet's folder.
func (c *closure) scanStyleSheet(folder string, content []byte) {
	for _, mark := range []string{"url(", "@import"} {
		rest := string(content)
		for {
			_, after, found := strings.Cut(rest, mark)
			if !found {
				break
			}
			rest = after
			target := strings.TrimLeft(after, " \t\r\n\f")
			if quoted := strings.TrimLeft(target, `"'`); quoted != target {
				target, _, _ = strings.Cut(quoted, target[:1])
			}
			if end := strings.IndexAny(target, ")?#;\r\n"); end >= 0 {
				target = target[:end]
			}
			target = strings.TrimRight(target, " \t\f")
			if decoded, err := url.PathUnescape(target); err == nil {
				target = decoded
			}
			if absolute, ok := strings.CutPrefix(target, "/"); ok {
				c.reachBuildFile(path.Clean(absolute))
			} else {
				c.reachBuildFile(path.Join(folder, target))
			}
		}
	}
}

// reachBuildFile reaches name if it is a file of the build; the label of any
// other does not hang on who names it.
func (c *closure) reachBuildFile(name string) {
	if strings.HasPrefix(name, "_next/static/") {
		c.reach(name)
	}
}
