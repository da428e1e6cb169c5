package config

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// Reader lets kong read settings from arguments and the environment, straight
// into their types. A value at fault does not stop it: Faults reports them all
// together.
type Reader struct {
	getenv   func(string) string
	settings map[string]Setting          // by name
	secrets  map[*kong.Node][]*kong.Flag // fields without a flag, by command
	defaults bool                        // kong is setting defaults, not reading what was given
	texts    map[string]string           // what was given or is the default, by name
	faults   map[string][]error          // by name
}

// NewReader returns a reader for one command line.
func NewReader(getenv func(string) string) *Reader {
	r := &Reader{
		getenv: getenv, settings: map[string]Setting{}, secrets: map[*kong.Node][]*kong.Flag{},
		texts: map[string]string{}, faults: map[string][]error{},
	}
	for _, setting := range Settings() {
		r.settings[setting.Name()] = setting
	}
	return r
}

// Parse reads all settings, as serve does.
func Parse(args []string, getenv func(string) string) (settings Config, err error) {
	r := NewReader(getenv)
	parser, err := kong.New(&settings, append(r.Options(), kong.NoDefaultHelp())...)
	if err != nil {
		return Config{}, err
	}
	command, err := parser.Parse(args)
	if err != nil {
		return Config{}, err
	}
	return settings, r.Faults(command)
}

// Default returns the settings of a server that is given none.
func Default() Config {
	settings, err := Parse(nil, func(string) string { return "" })
	if err != nil {
		panic(err) // the tags are wrong
	}
	return settings
}

// Options make kong read settings.
func (r *Reader) Options() []kong.Option {
	// kong reads the arguments, then sets defaults, then asks the resolvers.
	settingDefaults := func(now bool) func() error {
		return func() error {
			r.defaults = now
			return nil
		}
	}
	return []kong.Option{
		kong.KindMapper(reflect.String, mapper(r, readText)),
		typed(r, readSwitch), typed(r, readNumber), typed(r, readDuration), typed(r, readRate),
		typed(r, readOrigin), typed(r, readRange), typed(r, readLevel),
		kong.NamedMapper("address", mapper(r, readAddress)),
		kong.NamedMapper("directory", mapper(r, readDirectory)),
		kong.NamedMapper("contact", mapper(r, readContact)),
		kong.NamedMapper("seconds", mapper(r, readSeconds)),
		kong.NamedMapper("secret", mapper(r, readSecret)),
		kong.WithBeforeReset(settingDefaults(true)),
		kong.WithBeforeResolve(settingDefaults(false)),
		kong.Resolvers(kong.ResolverFunc(r.resolve)),
		kong.PostBuild(r.takeSecrets),
		kong.ValueFormatter(r.describe),
	}
}

func typed[T any](r *Reader, read func(string, *kong.Tag) (T, error)) kong.Option {
	return kong.TypeMapper(reflect.TypeFor[T](), mapper(r, read))
}

// mapper makes kong read a value with a function. It leaves a value at fault at
// zero, and goes on.
func mapper[T any](r *Reader, read func(string, *kong.Tag) (T, error)) kong.MapperFunc {
	return func(ctx *kong.DecodeContext, target reflect.Value) error {
		text := "true" // of a flag that stands alone
		if target.Kind() != reflect.Bool || ctx.Scan.Peek().Type == kong.FlagValueToken {
			if err := ctx.Scan.PopValueInto("string", &text); err != nil {
				return errors.New("it needs a value")
			}
		}
		value, err := read(text, ctx.Value.Tag)
		if err == nil {
			target.Set(reflect.ValueOf(value))
		}
		return r.note(ctx.Value, text, err)
	}
}

// note keeps what was read, and whether it is at fault.
func (r *Reader) note(value *kong.Value, text string, fault error) error {
	name := value.Name
	setting, found := r.settings[name]
	if !found { // an argument of the command itself
		if fault != nil {
			fault = fmt.Errorf("%w, not %q", fault, text)
		}
		return fault
	}
	if r.defaults { // of every command
		if _, given := r.texts[name]; !given {
			r.texts[name] = text
		}
		return fault
	}
	if !value.IsSlice() { // the last one counts
		r.faults[name] = nil
	}
	r.texts[name] = text
	if fault != nil {
		r.faults[name] = append(r.faults[name], setting.fault(text, fault))
	}
	return nil
}

// fault is what is wrong with a setting: with its value, unless that is secret.
func (s Setting) fault(text string, what error) error {
	if s.Secret() {
		return fmt.Errorf("%s: %w", s.Variable(), what)
	}
	return fmt.Errorf("--%s %q: %w", s.Name(), text, what)
}

// fault adds a fault of the value that a setting was given.
func (r *Reader) fault(name, what string) {
	r.faults[name] = append(r.faults[name], r.settings[name].fault(r.texts[name], errors.New(what)))
}

// resolve finds a setting that no argument gives.
func (r *Reader) resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	setting, found := r.settings[flag.Name]
	if !found {
		return nil, nil
	}
	if text := r.getenv(setting.Variable()); text != "" {
		return text, nil
	}
	return nil, nil
}

// secret returns what the variable of a secret holds, or else what the file
// holds that its other variable names.
func (r *Reader) secret(setting Setting) string {
	given, file := r.getenv(setting.Variable()), r.getenv(setting.FileVariable())
	if file == "" {
		return given
	}
	wrong := func(what error) string {
		name := setting.Name()
		r.faults[name] = append(r.faults[name], fmt.Errorf("%s %q: %w", setting.FileVariable(), file, what))
		return ""
	}
	if given != "" {
		return wrong(errors.New("the same setting is also given in " + setting.Variable() + "; give one of them"))
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return wrong(err)
	}
	text := strings.TrimSpace(string(content))
	if text == "" { // not the same as none: a mount may have failed
		return wrong(errors.New("the file is empty"))
	}
	return text
}

// takeSecrets takes the flags of secrets away from every command, and tells in
// its help of the variables instead.
func (r *Reader) takeSecrets(k *kong.Kong) error {
	return kong.Visit(k.Model, func(visited kong.Visitable, next kong.Next) error {
		var node *kong.Node
		switch visited := visited.(type) {
		case *kong.Application: // of Parse, whose settings belong to no command
			node = visited.Node
		case *kong.Node:
			node = visited
		default:
			return next(nil)
		}
		node.Flags = slices.DeleteFunc(node.Flags, func(flag *kong.Flag) bool {
			setting := r.settings[flag.Name]
			if !setting.Secret() {
				return false
			}
			r.secrets[node] = append(r.secrets[node], flag)
			node.Detail = strings.TrimSpace(node.Detail + "\n\n" + setting.Variable() + ": " + setting.Description())
			return true
		})
		return next(nil)
	})
}

// describe is what --help says of a flag or an argument.
func (r *Reader) describe(value *kong.Value) string {
	setting, found := r.settings[value.Name]
	if !found || value.Flag == nil {
		return value.Help
	}
	text := setting.Description()
	if !value.IsBool() {
		if value, words := setting.Default(); value+words != "" {
			text += " (default: " + value + words + ")"
		}
	}
	return text
}

// Faults reports all that is wrong with the settings of a command that kong has
// parsed: each fault in a line, with flag and value.
func (r *Reader) Faults(command *kong.Context) error {
	node := command.Selected()
	if node == nil {
		node = command.Model.Node
	}
	for _, flag := range r.secrets[node] {
		if text := r.secret(r.settings[flag.Name]); text != "" {
			if err := flag.Parse(kong.ScanFromTokens(kong.Token{Type: kong.FlagValueToken, Value: text}), flag.Target); err != nil {
				return err
			}
		}
	}
	if all, found := node.Target.Addr().Interface().(interface{ check(*Reader) }); found {
		all.check(r)
	}
	var list []error
	for _, setting := range Settings() {
		list = append(list, r.faults[setting.Name()]...)
	}
	return errors.Join(list...)
}
