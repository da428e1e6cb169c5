package export

import (
	"bytes"
	"net/url"
	"path"
	"strings"
	"sync"

	"lychgate/server/access"
)

// needsOfBuild returns the needs of the files below _next/, of which one must
// be met. A file of _next/static has the needs of the pages that reach it: by
// name (static/…) in their HTML or payloads or in a script or style sheet they
// reach (bundlers write the names of lazy chunks into the chunk that loads
// them), or by number through a webpack runtime. A file of _next/data has the
// need of its page. A file that no page reaches has none.
//
// Build manifests are never followed: they name the chunks of every page.
func needsOfBuild(contents map[string][]byte, rules access.Rules) map[string][]access.Need {
	needs := make(map[string][]access.Need)
	pages := make(map[access.Need][]string)
	for name := range contents {
		if page, ok := pageOfData(name); ok && hasPage(contents, page) {
			needs[name] = []access.Need{NeedAt(page, rules)}
		}
		if ext := path.Ext(name); !IsBuildFile(name) && (ext == ".html" || ext == ".txt") {
			need := needOf(name, rules)
			pages[need] = append(pages[need], name)
		}
	}
	g := &graph{contents: contents, nodes: make(map[string]*node)}
	for need, names := range pages {
		for name := range g.reachedFrom(names) {
			needs[name] = append(needs[name], need)
		}
	}
	for name := range needs {
		needs[name] = access.AnyOf(needs[name])
	}
	return needs
}

// pageOfData returns the page whose data _next/data/<build>/R.json is, as the
// Pages Router exports it.
func pageOfData(name string) (page string, ok bool) {
	rest, ok := strings.CutPrefix(name, "_next/data/")
	if !ok {
		return "", false
	}
	_, rest, ok = strings.Cut(rest, "/")
	if !ok {
		return "", false
	}
	stem, ok := strings.CutSuffix(rest, ".json")
	if stem == "index" {
		stem = ""
	}
	return "/" + stem, ok
}

func hasPage(contents map[string][]byte, page string) bool {
	stem := strings.TrimPrefix(page, "/")
	_, flat := contents[stem+".html"]
	_, folder := contents[path.Join(stem, "index.html")]
	return flat || folder
}

// graph holds the references between files of an export. Each file is read once
// for all closures.
type graph struct {
	contents map[string][]byte
	nodes    map[string]*node
}

// node is a file that was read.
type node struct {
	names []string // build files it names
	// Of webpack exports alone:
	chunkNames []chunkName     // functions that name lazy chunks
	calls      func() []string // ids of chunks a script loads
}

// at returns the node of a file.
func (g *graph) at(name string) *node {
	n := g.nodes[name]
	if n == nil {
		n = g.read(name)
		g.nodes[name] = n
	}
	return n
}

func (g *graph) read(name string) *node {
	n := &node{calls: func() []string { return nil }}
	content := g.contents[name]
	switch path.Ext(name) {
	case ".html", ".txt":
		if !IsBuildFile(name) {
			n.names = g.names(content)
		}
	case ".js", ".mjs":
		if !isBuildManifest(name) {
			g.readScript(n, name, content)
		}
	case ".css":
		n.names = append(g.names(content), g.namesInStyleSheet(path.Dir(name), content)...)
	}
	return n
}

func isBuildManifest(name string) bool {
	base := path.Base(name)
	return strings.HasPrefix(base, "_") && strings.Contains(base, "Manifest")
}

func (g *graph) readScript(n *node, name string, content []byte) {
	n.calls = sync.OnceValue(func() []string { return chunkCalls(name, content) })
	names, rest, ok := chunkNamesOf(name, content)
	if !ok {
		// An unreadable runtime leads nowhere: scanning its text could give
		// every lazy chunk to anybody who may have the runtime.
		return
	}
	n.chunkNames = names
	for _, part := range rest {
		n.names = append(n.names, g.names(part)...)
	}
}

// reachedFrom returns the build files that pages reach.
func (g *graph) reachedFrom(pages []string) map[string]bool {
	c := &closure{graph: g, reached: make(map[string]bool), called: make(map[string]bool)}
	for _, page := range pages {
		c.reach(g.at(page).names...)
	}
	for grown := true; grown; {
		grown = c.follow() || c.loadLazyChunks()
	}
	return c.reached
}

// closure is a search for the files that some pages reach.
type closure struct {
	*graph
	reached map[string]bool
	queue   []string // reached, not followed yet

	// Of webpack exports alone:
	chunkNames []chunkName     // of reached runtimes
	called     map[string]bool // ids of chunks that reached scripts load
	scripts    []*node         // reached, calls not collected yet
}

// reach adds files to the closure.
func (c *closure) reach(names ...string) {
	for _, name := range names {
		if !c.reached[name] {
			c.reached[name] = true
			c.queue = append(c.queue, name)
		}
	}
}

// follow adds the files named by queued ones, and reports whether there were
// any.
func (c *closure) follow() bool {
	if len(c.queue) == 0 {
		return false
	}
	for len(c.queue) > 0 {
		n := c.at(c.queue[len(c.queue)-1])
		c.queue = c.queue[:len(c.queue)-1]
		c.chunkNames = append(c.chunkNames, n.chunkNames...)
		c.scripts = append(c.scripts, n)
		c.reach(n.names...)
	}
	return true
}

// loadLazyChunks adds the chunks that reached scripts load through a webpack
// runtime, and reports whether any were new.
func (c *closure) loadLazyChunks() bool {
	if len(c.chunkNames) == 0 {
		return false // no webpack, so no script has to be parsed
	}
	for _, script := range c.scripts {
		for _, id := range script.calls() {
			c.called[id] = true
		}
	}
	c.scripts = nil
	for id := range c.called {
		for _, nameOf := range c.chunkNames {
			if name, ok := nameOf(id); ok && c.has("_next/"+name) {
				c.reach("_next/" + name)
			}
		}
	}
	return len(c.queue) > 0
}

func (g *graph) has(name string) bool {
	_, exists := g.contents[name]
	return exists
}

var staticFolder = []byte("static/")

// longestName bounds the work on text that only starts like a name.
const longestName = 512

// names returns the files that content names as static/….
func (g *graph) names(content []byte) (names []string) {
	for {
		at := bytes.Index(content, staticFolder)
		if at < 0 {
			return names
		}
		content = content[at:]
		text := content[:min(len(content), longestName)]
		if end := bytes.IndexFunc(text, endsName); end >= 0 {
			text = text[:end]
		}
		if name, ok := g.longest(string(text)); ok {
			names = append(names, name)
		}
		content = content[len(staticFolder):]
	}
}

// endsName reports characters that end a name in HTML, JSON, scripts or style
// sheets: quotes, the backslash of an escaped one, spaces, markup brackets, and
// the start of a query or fragment.
func endsName(r rune) bool {
	return r <= ' ' || strings.ContainsRune("\"'`\\<>?#\x7f", r)
}

// longest returns the file with the longest name that text starts with. Names
// may contain the characters text is cut at, as in app/(shop)/page-1f.js, and
// unquoted text, as in url(…), may end at one.
func (g *graph) longest(text string) (name string, ok bool) {
	for len(text) > len(staticFolder) {
		if name := "_next/" + text; g.has(name) {
			return name, true
		}
		if strings.Contains(text, "%") {
			if decoded, err := url.PathUnescape(text); err == nil && g.has("_next/"+decoded) {
				return "_next/" + decoded, true
			}
		}
		text = text[:max(strings.LastIndexAny(text, "),;&|]}:!*="), 0)]
	}
	return "", false
}

// namesInStyleSheet returns the build files that url(…) and @import name,
// relative to the style sheet's folder. The needs of other files do not depend
// on references.
func (g *graph) namesInStyleSheet(folder string, content []byte) (names []string) {
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
			name := path.Join(folder, target)
			if absolute, ok := strings.CutPrefix(target, "/"); ok {
				name = path.Clean(absolute)
			}
			if strings.HasPrefix(name, "_next/static/") && g.has(name) {
				names = append(names, name)
			}
		}
	}
	return names
}
