package config_test

import (
	"cmp"
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"

	"lychgate/server/config"
)

var update = flag.Bool("update", false, "write the table of settings into README.md")

// TestREADME compares the table of settings in README.md with the tags that it
// is made from.
func TestREADME(t *testing.T) {
	const file, heading = "../../README.md", "| flag | default | meaning |\n"
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(content), heading)
	_, after, ended := strings.Cut(rest, "\n\n")
	if !found || !ended {
		t.Fatalf("README.md has no table that begins with %s", heading)
	}
	want := before + heading + "|---|---|---|\n" + rows() + "\n" + after
	if want == string(content) {
		return
	}
	if !*update {
		t.Fatal("the table of settings in README.md is stale: run go generate ./server/config")
	}
	if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}

// rows returns a row for each setting.
func rows() string {
	var table strings.Builder
	for _, setting := range config.Settings() {
		name := "--" + setting.Name()
		if setting.Secret() {
			name = setting.Variable()
		}
		value, words := setting.Default()
		switch {
		case value == "false":
			words = "off"
		case value != "":
			words = code(value)
		default:
			words = marked(cmp.Or(words, "none"))
		}
		table.WriteString("| " + code(name) + " | " + words + " | " + marked(setting.Description()) + " |\n")
	}
	return table.String()
}

func code(text string) string { return "`" + text + "`" }

var names = regexp.MustCompile(`--[a-z-]+|` + config.Prefix + `[A-Z_]+`)

// marked marks the flags and variables in a text.
func marked(text string) string { return names.ReplaceAllStringFunc(text, code) }
