package export

import (
	"bytes"
	"path"
	"regexp"
	"strconv"
	"strings"

	"github.com/tdewolff/parse/v2"
	"github.com/tdewolff/parse/v2/js"
)

// A webpack runtime computes the name of a lazy chunk from its id, with a
// function stored as .u, or as .miniCssF for style sheets:
//
//	r.u=e=>185===e?"static/chunks/185-1f.js":"static/chunks/"+({7:"map"}[e]||e)+"."+{7:"a1",9:"b2"}[e]+".js"
//
// It names protected and public chunks alike, so it is not scanned like
// other text. Instead the expression is parsed and evaluated only for the ids
// that the scripts of a closure load.

// chunkName returns the name of a chunk by id, as the runtime would; ok is
// false if the runtime gives none.
type chunkName func(id string) (name string, ok bool)

var chunkNameFunction = regexp.MustCompile(
	`\.(?:u|miniCssF)=(?:function\(([\w$]+)\)\{return\s*|(?:\(([\w$]+)\)|([\w$]+))=>(?:\{return\s+)?)`)

// chunkNamesOf returns the naming functions of a webpack runtime and the rest
// of its text; for any other script the whole text. ok is false for an
// unreadable runtime.
func chunkNamesOf(name string, script []byte) (names []chunkName, rest [][]byte, ok bool) {
	if !isWebpackRuntime(name, script) {
		return nil, [][]byte{script}, true
	}
	start := 0
	for _, m := range chunkNameFunction.FindAllSubmatchIndex(script, -1) {
		if m[0] < start {
			continue
		}
		e := &expression{text: string(script[m[1]:])}
		for _, group := range [][]int{m[2:4], m[4:6], m[6:8]} {
			if group[0] >= 0 {
				e.parameter = string(script[group[0]:group[1]])
			}
		}
		value := e.ternary()
		if e.failed {
			continue // some other .u; checked below
		}
		names = append(names, func(id string) (string, bool) {
			v := value(id)
			return v.text, v.kind == stringValue && strings.HasPrefix(v.text, "static/")
		})
		rest = append(rest, script[start:m[0]])
		start = m[1] + e.at
	}
	rest = append(rest, script[start:])
	for _, part := range rest {
		if hasNamePrefix(part) || isNamedRuntime(name) && chunkNameFunction.Match(part) {
			return nil, nil, false
		}
	}
	return names, rest, true
}

// isWebpackRuntime recognizes a runtime by name, or by content if it is
// embedded in another script, such as a worker's.
func isWebpackRuntime(name string, script []byte) bool {
	return isNamedRuntime(name) || hasNamePrefix(script)
}

// isNamedRuntime recognizes the name that Next.js gives the runtime.
func isNamedRuntime(name string) bool {
	return strings.HasPrefix(path.Base(name), "webpack-")
}

// hasNamePrefix reports whether script contains a string that is the start of a
// chunk's name.
func hasNamePrefix(script []byte) bool {
	for _, prefix := range []string{"static/chunks/", "static/css/"} {
		for _, quote := range []string{`"`, `'`} {
			if bytes.Contains(script, []byte(quote+prefix+quote)) {
				return true
			}
		}
		if bytes.Contains(script, []byte("`"+prefix+"${")) {
			return true
		}
	}
	return false
}

// chunkCalls returns the ids of chunks that script loads: the 12 of r.e(12), or
// of r.u(12) for a worker, where r is the webpack runtime's require. Other
// objects may have methods of these names. An unreadable script loads none.
func chunkCalls(name string, script []byte) (ids []string) {
	// The parser appends a byte to its input.
	program, err := js.Parse(parse.NewInputBytes(bytes.Clone(script)), js.Options{})
	if err != nil {
		return nil
	}
	require := &requireNames{names: make(map[*js.Var]bool), runtime: isWebpackRuntime(name, script), modules: make(map[*js.Var]bool)}
	js.Walk(require, program)
	js.Walk(require, program) // modules may precede the line that identifies them
	js.Walk(visitor(func(node js.INode) {
		if call, ok := node.(*js.CallExpr); ok && len(call.Args.List) > 0 {
			if object, method := member(call.X); (method == "e" || method == "u") && object != nil && require.names[object] {
				if id, ok := literal(call.Args.List[0].Value); ok {
					ids = append(ids, id)
				}
			}
		}
	}), program)
	return ids
}

// visitor is called for every node.
type visitor func(js.INode)

// Enter calls the function.
func (v visitor) Enter(node js.INode) js.IVisitor {
	v(node)
	return v
}

// Exit does nothing.
func (visitor) Exit(js.INode) {}

// requireNames finds the variables holding the runtime's require: the third
// parameter of a module, the first of the function that starts a chunk's entry,
// and in a runtime the function that .u is assigned to. A chunk is
//
//	(self.webpackChunk_N_E=…).push([[31],{7:function(e,t,r){r.e(12)}},function(r){…}])
//
// and in a runtime .m is the object of modules.
type requireNames struct {
	names   map[*js.Var]bool
	runtime bool
	modules map[*js.Var]bool
}

// Enter looks at a node.
func (r *requireNames) Enter(node js.INode) js.IVisitor {
	switch n := node.(type) {
	case *js.CallExpr:
		r.chunk(n)
	case *js.BinaryExpr:
		object, property := member(n.X)
		if !r.runtime || n.Op != js.EqToken || object == nil {
			break
		}
		switch property {
		case "u", "miniCssF":
			r.names[object] = true
		case "m":
			if modules, ok := n.Y.(*js.Var); ok {
				r.modules[declared(modules)] = true
			}
			r.takeModules(n.Y)
		}
	case *js.BindingElement:
		if name, ok := n.Binding.(*js.Var); ok && r.modules[declared(name)] {
			r.takeModules(n.Default)
		}
	}
	return r
}

// Exit does nothing.
func (*requireNames) Exit(js.INode) {}

// chunk collects the names of a chunk if the call is the one that registers it.
func (r *requireNames) chunk(call *js.CallExpr) {
	if dot, ok := call.X.(*js.DotExpr); !ok || nameOf(dot.Y) != "push" || len(call.Args.List) != 1 {
		return
	}
	parts, ok := call.Args.List[0].Value.(*js.ArrayExpr)
	if !ok || len(parts.List) < 2 {
		return
	}
	ids, ok := parts.List[0].Value.(*js.ArrayExpr)
	if !ok {
		return
	}
	for _, id := range ids.List {
		if _, ok := literal(id.Value); !ok {
			return
		}
	}
	r.takeModules(parts.List[1].Value)
	if len(parts.List) > 2 {
		r.takeParameter(parts.List[2].Value, 0)
	}
}

// takeModules collects the require of every function in an object or list of
// modules.
func (r *requireNames) takeModules(modules js.IExpr) {
	switch m := modules.(type) {
	case *js.ObjectExpr:
		for _, module := range m.List {
			r.takeParameter(module.Value, 2)
		}
	case *js.ArrayExpr:
		for _, module := range m.List {
			r.takeParameter(module.Value, 2)
		}
	}
}

// takeParameter collects a parameter of a function.
func (r *requireNames) takeParameter(function js.IExpr, position int) {
	var parameters js.Params
	switch f := function.(type) {
	case *js.GroupExpr:
		r.takeParameter(f.X, position)
		return
	case *js.FuncDecl:
		parameters = f.Params
	case *js.ArrowFunc:
		parameters = f.Params
	case *js.MethodDecl:
		parameters = f.Params
	}
	if position < len(parameters.List) {
		if name, ok := parameters.List[position].Binding.(*js.Var); ok {
			r.names[declared(name)] = true
		}
	}
}

// member returns the variable and the property of r.e, or nil.
func member(x js.IExpr) (object *js.Var, property string) {
	dot, ok := x.(*js.DotExpr)
	if !ok {
		return nil, ""
	}
	name, ok := dot.X.(*js.Var)
	if !ok {
		return nil, ""
	}
	return declared(name), nameOf(dot.Y)
}

func nameOf(x js.IExpr) string {
	switch n := x.(type) {
	case js.LiteralExpr:
		return string(n.Data)
	case *js.Var:
		return string(n.Data)
	}
	return ""
}

// declared returns the declared variable behind a use.
func declared(use *js.Var) *js.Var {
	for use.Link != nil {
		use = use.Link
	}
	return use
}

// literal returns a number or string as a property key.
func literal(x js.IExpr) (id string, ok bool) {
	switch x.(type) {
	case *js.LiteralExpr, *js.TemplateExpr:
		e := &expression{text: x.String()}
		v := e.primary()(undefined)
		return v.text, !e.failed && e.at == len(e.text) && v.kind == stringValue
	}
	return "", false
}

// expression parses the subset of ECMAScript used in naming functions: strings,
// numbers, the parameter, objects indexed by it, +, ||, === and ?:.
type expression struct {
	text      string
	parameter string
	at        int
	depth     int
	failed    bool
}

// term is part of an expression, evaluated with the id of a chunk.
type term func(id string) value

// value is an ECMAScript value. Numbers are kept as the text they become as a
// key or when concatenated.
type value struct {
	kind   valueKind
	text   string
	object map[string]term
}

type valueKind int

const (
	undefinedValue valueKind = iota
	stringValue
	objectValue
)

// undefined can be no chunk's id.
const undefined = "undefined"

// deepest bounds the nesting of an expression; a runtime's conditionals nest
// one level per chunk with its own name.
const deepest = 10000

func constant(v value) term { return func(string) value { return v } }

func (v value) truthy() bool {
	return v.kind == objectValue || v.kind == stringValue && v.text != "" && v.text != "0"
}

func (e *expression) fail() term {
	e.failed = true
	return constant(value{})
}

// peek returns the next character other than a space; 0 at the end and after an
// error.
func (e *expression) peek() byte {
	for e.at < len(e.text) && strings.IndexByte(" \t\r\n", e.text[e.at]) >= 0 {
		e.at++
	}
	if e.failed || e.at == len(e.text) {
		return 0
	}
	return e.text[e.at]
}

// take consumes token if it comes next.
func (e *expression) take(token string) bool {
	if e.peek() == 0 || !strings.HasPrefix(e.text[e.at:], token) {
		return false
	}
	e.at += len(token)
	return true
}

func (e *expression) ternary() term {
	if e.depth++; e.depth > deepest {
		return e.fail()
	}
	defer func() { e.depth-- }()
	condition := e.or()
	if !e.take("?") {
		return condition
	}
	yes := e.ternary()
	if !e.take(":") {
		return e.fail()
	}
	no := e.ternary()
	return func(id string) value {
		if condition(id).truthy() {
			return yes(id)
		}
		return no(id)
	}
}

func (e *expression) or() term {
	left := e.equal()
	for e.take("||") {
		first, second := left, e.equal()
		left = func(id string) value {
			if v := first(id); v.truthy() {
				return v
			}
			return second(id)
		}
	}
	return left
}

func (e *expression) equal() term {
	left := e.sum()
	for e.take("===") || e.take("==") {
		first, second := left, e.sum()
		left = func(id string) value {
			a, b := first(id), second(id)
			if a.kind == b.kind && a.kind != objectValue && a.text == b.text {
				return value{kind: stringValue, text: "true"}
			}
			return value{}
		}
	}
	return left
}

func (e *expression) sum() term {
	left := e.indexed()
	for e.take("+") {
		first, second := left, e.indexed()
		left = func(id string) value {
			a, b := first(id), second(id)
			if a.kind != stringValue || b.kind != stringValue {
				return value{} // a chunk without a name
			}
			return value{kind: stringValue, text: a.text + b.text}
		}
	}
	return left
}

func (e *expression) indexed() term {
	left := e.primary()
	for e.take("[") {
		object, key := left, e.ternary()
		if !e.take("]") {
			return e.fail()
		}
		left = func(id string) value {
			k := key(id)
			if member, ok := object(id).object[k.text]; ok && k.kind == stringValue {
				return member(id)
			}
			return value{}
		}
	}
	return left
}

func (e *expression) primary() term {
	switch c := e.peek(); {
	case c == '"' || c == '\'':
		return e.quoted()
	case c == '`':
		return e.template()
	case c >= '0' && c <= '9':
		return e.number()
	case c == '{':
		return e.objectLiteral()
	case e.take("("):
		inner := e.ternary()
		if !e.take(")") {
			return e.fail()
		}
		return inner
	case e.take("void 0"):
		return constant(value{})
	case c == 0:
		return e.fail()
	}
	if word := e.word(); word != "" && word == e.parameter {
		return func(id string) value { return value{kind: stringValue, text: id} }
	}
	return e.fail()
}

// quoted parses a string. Names of chunks need no escapes, so a string with one
// is refused.
func (e *expression) quoted() term {
	quote := e.text[e.at]
	end := strings.IndexByte(e.text[e.at+1:], quote)
	if end < 0 || strings.IndexByte(e.text[e.at+1:e.at+1+end], '\\') >= 0 {
		return e.fail()
	}
	text := e.text[e.at+1 : e.at+1+end]
	e.at += end + 2
	return constant(value{kind: stringValue, text: text})
}

func (e *expression) template() term {
	e.at++
	var parts []term
	for {
		end := strings.IndexAny(e.text[e.at:], "`$\\")
		if end < 0 {
			return e.fail()
		}
		parts = append(parts, constant(value{kind: stringValue, text: e.text[e.at : e.at+end]}))
		e.at += end
		switch {
		case e.text[e.at] == '`':
			e.at++
			return concatenation(parts)
		case strings.HasPrefix(e.text[e.at:], "${"):
			e.at += 2
			parts = append(parts, e.ternary())
			if !e.take("}") {
				return e.fail()
			}
		default:
			return e.fail()
		}
	}
}

func concatenation(parts []term) term {
	return func(id string) value {
		var text strings.Builder
		for _, part := range parts {
			v := part(id)
			if v.kind != stringValue {
				return value{}
			}
			text.WriteString(v.text)
		}
		return value{kind: stringValue, text: text.String()}
	}
}

// number parses a number into the key ECMAScript would make of it: minifiers
// turn 2000 into 2e3, but the chunk's id is "2000".
func (e *expression) number() term {
	digits := e.word()
	n, err := strconv.ParseFloat(digits, 64)
	if err != nil || n != float64(int64(n)) {
		return e.fail()
	}
	return constant(value{kind: stringValue, text: strconv.FormatInt(int64(n), 10)})
}

// word consumes a name or a number.
func (e *expression) word() string {
	start := e.at
	for e.at < len(e.text) && isWordByte(e.text[e.at]) {
		e.at++
	}
	return e.text[start:e.at]
}

func isWordByte(c byte) bool {
	return c == '_' || c == '$' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

func (e *expression) objectLiteral() term {
	e.at++
	members := make(map[string]term)
	for !e.take("}") {
		var key string
		switch c := e.peek(); {
		case c == '"' || c == '\'':
			key = e.quoted()(undefined).text
		case c >= '0' && c <= '9':
			key = e.number()(undefined).text
		default:
			key = e.word()
		}
		if !e.take(":") {
			return e.fail()
		}
		members[key] = e.ternary()
		if !e.take(",") && e.peek() != '}' {
			return e.fail()
		}
	}
	return constant(value{kind: objectValue, object: members})
}
