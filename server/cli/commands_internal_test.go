package cli

import (
	"reflect"
	"testing"

	"lychgate/server/config"
)

// What a command does depends only on its arguments: its own flag with the name
// of a setting would also be read from the environment.
func TestNoFlagOfACommandHasTheNameOfASetting(t *testing.T) {
	settings := map[string]bool{}
	for _, setting := range config.Settings() {
		settings[setting.Name()] = true
	}
	flags := 0
	var look func(reflect.Type)
	look = func(command reflect.Type) {
		for i := range command.NumField() {
			field := command.Field(i)
			name := field.Tag.Get("name")
			switch {
			case name != "":
				flags++
				if settings[name] {
					t.Errorf("%s has a flag --%s, which is a setting: name it differently", command, name)
				}
			case field.Type.Kind() == reflect.Struct && field.Type.PkgPath() != reflect.TypeFor[config.Config]().PkgPath():
				look(field.Type)
			}
		}
	}
	look(reflect.TypeFor[commands]())
	if flags < 10 {
		t.Errorf("only %d flags were found", flags)
	}
}
