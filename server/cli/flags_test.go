package cli

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"lychgate/server/config"
)

// parse returns the settings that arguments and an environment make.
func parse(t *testing.T, environment map[string]string, arguments ...string) config.Flags {
	t.Helper()
	p := &process{getenv: func(name string) string { return environment[name] }}
	var all commands
	parser, err := kong.New(&all, kong.Resolvers(kong.ResolverFunc(p.fromEnvironment)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse(append([]string{"serve"}, arguments...)); err != nil {
		t.Fatal(err)
	}
	flags, err := all.Serve.flags(p)
	if err != nil {
		t.Fatal(err)
	}
	return flags
}

// different names the settings in which two differ.
func different(one, other config.Flags) (names []string) {
	a, b := reflect.ValueOf(one), reflect.ValueOf(other)
	for i := range a.NumField() {
		if !reflect.DeepEqual(a.Field(i).Interface(), b.Field(i).Interface()) {
			names = append(names, a.Type().Field(i).Name)
		}
	}
	return names
}

func TestDefaultsOfTagsAreThoseOfConfig(t *testing.T) {
	if names := different(parse(t, nil), config.Defaults()); names != nil {
		t.Errorf("the defaults of %v in the tags and in config differ", names)
	}
}

// Every flag has its variable, reaches a setting of its own, and beats the
// variable.
func TestEveryFlagCountsAndHasItsVariable(t *testing.T) {
	flags := ServeFlags()
	if len(flags) < 20 {
		t.Fatalf("only %d flags were found", len(flags))
	}
	reached := map[string]string{}
	for _, flag := range flags {
		variable := variableOf(flag)
		byFlag := parse(t, nil, "--"+flag+"=marker")
		byVariable := parse(t, map[string]string{variable: "marker"})
		both := parse(t, map[string]string{variable: "from the environment"}, "--"+flag+"=marker")

		names := different(byFlag, config.Defaults())
		if len(names) != 1 {
			t.Errorf("--%s changes %v, want one setting", flag, names)
			continue
		}
		if earlier, twice := reached[names[0]]; twice {
			t.Errorf("--%s and --%s both change %s", earlier, flag, names[0])
		}
		reached[names[0]] = flag
		if names := different(byFlag, byVariable); names != nil {
			t.Errorf("%s is not read like --%s: %v differ", variable, flag, names)
		}
		if names := different(byFlag, both); names != nil {
			t.Errorf("--%s does not beat %s: %v differ", flag, variable, names)
		}
	}
}

func TestREADMENamesEveryFlag(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, flag := range ServeFlags() {
		if !strings.Contains(string(text), "`--"+flag+"`") {
			t.Errorf("README.md does not name --%s: add a row to its table of flags", flag)
		}
	}
}

func TestRangesInTheEnvironment(t *testing.T) {
	want := []string{"10.0.0.0/8", "192.0.2.7"}
	byVariable := parse(t, map[string]string{"LYCHGATE_TRUSTED_PROXY": "10.0.0.0/8,192.0.2.7"}).TrustedProxy
	byFlag := parse(t, nil, "--trusted-proxy", "10.0.0.0/8", "--trusted-proxy", "192.0.2.7").TrustedProxy
	if !slices.Equal(byVariable, want) || !slices.Equal(byFlag, want) {
		t.Errorf("from the environment %q, from the flags %q, want %q", byVariable, byFlag, want)
	}
}

func TestSecretsInFiles(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte("0123456789abcdef0123456789abcdef\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for variable, value := range map[string]func(config.Flags) string{
		"LYCHGATE_SECRET":   func(f config.Flags) string { return f.Secret },
		"LYCHGATE_DATABASE": func(f config.Flags) string { return f.Database },
	} {
		direct := value(parse(t, map[string]string{variable: "0123456789abcdef0123456789abcdef"}))
		inFile := value(parse(t, map[string]string{variable + "_FILE": file}))
		if direct == "" || inFile != direct {
			t.Errorf("%s is %q, from a file %q", variable, direct, inFile)
		}
	}
}
