package cli

import (
	"maps"
	"reflect"
	"slices"

	"github.com/alecthomas/kong"
)

// Variables returns every variable of the environment that the program reads.
func Variables() []string {
	return slices.Sorted(maps.Keys(variables(kong.Must(&commands{}).Model)))
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
