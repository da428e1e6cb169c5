package config

import (
	"reflect"
	"strings"
)

// Prefix is what every variable of the environment begins with.
const Prefix = "LYCHGATE_"

// Setting is what the tags of a field say.
type Setting struct{ tag reflect.StructTag }

// Settings returns all settings, in the order of their fields.
func Settings() (list []Setting) {
	for _, field := range reflect.VisibleFields(reflect.TypeFor[Config]()) {
		if field.Tag.Get("name") != "" {
			list = append(list, Setting{field.Tag})
		}
	}
	return list
}

// Variables returns every variable of the environment that a setting is read
// from.
func Variables() (list []string) {
	for _, s := range Settings() {
		list = append(list, s.Variable())
		if file := s.FileVariable(); file != "" {
			list = append(list, file)
		}
	}
	return list
}

// Name is the name of the flag.
func (s Setting) Name() string { return s.tag.Get("name") }

// Variable is the variable of the environment.
func (s Setting) Variable() string {
	return Prefix + strings.ToUpper(strings.ReplaceAll(s.Name(), "-", "_"))
}

// FileVariable is the variable that can name a file with the value, or nothing
// if a file cannot give it.
func (s Setting) FileVariable() string {
	if !s.Secret() {
		return ""
	}
	return s.Variable() + "_FILE"
}

// Secret reports whether the setting has no flag.
func (s Setting) Secret() bool { return s.has("secret") }

// Default returns what applies if the setting is not given: a value, or else
// words for it.
func (s Setting) Default() (value, words string) {
	if value = s.tag.Get("default"); value != "" {
		return value, ""
	}
	return "", s.tag.Get("unset")
}

// Description says what the setting means and can be, in whole sentences.
func (s Setting) Description() string {
	text := s.tag.Get("help")
	if span := bounds(s.tag); span != "" {
		text += " F" + strings.TrimPrefix(span, " f") + "."
	}
	if words := s.tag.Get("oneof"); words != "" {
		text += " Can be " + either(words) + "."
	}
	if file := s.FileVariable(); file != "" {
		text += " Can also be in a file that " + file + " names."
	}
	return text
}

func (s Setting) has(key string) bool {
	_, found := s.tag.Lookup(key)
	return found
}

// either joins the words of a oneof tag.
func either(oneof string) string {
	words := strings.Split(oneof, ",")
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
