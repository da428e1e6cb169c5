package cli

import (
	"reflect"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// Variables returns every variable of the environment that the program reads.
func Variables() []string {
	list := []string{"LYCHGATE_SECRET", "LYCHGATE_SECRET_FILE", "LYCHGATE_DATABASE_FILE"}
	model := kong.Must(&commands{}).Model
	for _, command := range model.Leaves(false) {
		for _, flag := range slices.Concat(command.AllFlags(false)...) {
			list = append(list, variableOf(flag.Name))
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func variableOf(flag string) string {
	return "LYCHGATE_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// ServeFlags returns the names of the flags of serve.
func ServeFlags() (names []string) {
	for _, field := range reflect.VisibleFields(reflect.TypeFor[serveCommand]()) {
		if name := field.Tag.Get("name"); name != "" {
			names = append(names, name)
		}
	}
	return names
}
