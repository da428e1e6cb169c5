package cli

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"lychgate/server/config"
)

const prefix = "LYCHGATE_"

func variableOf(flag string) string {
	return prefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// variables returns every variable of the environment that any command reads.
func variables(model *kong.Application) map[string]bool {
	known := map[string]bool{"LYCHGATE_SECRET": true, "LYCHGATE_SECRET_FILE": true, "LYCHGATE_DATABASE_FILE": true}
	for _, command := range model.Leaves(false) {
		for _, flag := range slices.Concat(command.AllFlags(false)...) {
			if !flag.Tag.Has("argument") {
				known[variableOf(flag.Name)] = true
			}
		}
	}
	return known
}

// ofKubernetes matches what Kubernetes puts into every container beside a
// service that is called lychgate: nobody mistyped that.
var ofKubernetes = regexp.MustCompile(`^LYCHGATE_(SERVICE_HOST=|SERVICE_PORT(_\w+)?=|PORT=\w+://|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?=)`)

// unknownVariables returns a warning for every variable that looks like ours
// and that nothing reads, because it is mistyped. It tells the names alone: a
// value may be a secret.
func (p *process) unknownVariables(known map[string]bool) (warnings []string) {
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		upper := strings.ToUpper(name)
		if !strings.HasPrefix(upper, prefix) || known[name] || ofKubernetes.MatchString(entry) || p.getenv(name) == "" {
			continue
		}
		warning := fmt.Sprintf("the variable %s is not known and does nothing", name)
		if near := nearest(upper, known); near != "" {
			warning += "; is " + near + " meant?"
		} else {
			warning += ": see lychgate serve --help for the flags that have one"
		}
		warnings = append(warnings, warning)
	}
	slices.Sort(warnings)
	return warnings
}

// nearest returns the known name that is most like another, or none when all
// are too different.
func nearest(name string, known map[string]bool) (best string) {
	letters := strings.NewReplacer(prefix, "", "_", "").Replace
	least := 1 + max(1, len(letters(name))/3)
	for _, candidate := range slices.Sorted(maps.Keys(known)) {
		if d := distance(letters(name), letters(candidate)); d < least {
			best, least = candidate, d
		}
	}
	return best
}

// distance returns how many letters must be put in, taken out or changed to
// make one text of another.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}

// warnings returns what an operator should know of settings that are right but
// may not be meant.
func (p *process) warnings(settings config.Config) (list []string) {
	list = append(list, p.unknownVariables(p.known)...)
	for _, wide := range settings.WideProxies() {
		list = append(list, fmt.Sprintf("--trusted-proxy %s holds strangers, who can then write any address and pass every limit by address: name the addresses of your own proxies", wide))
	}
	const anybody, group = 0o007, 0o077
	for _, secret := range []struct {
		file, what string
		mode       os.FileMode // the bits that nobody else should have
	}{
		{p.getenv("LYCHGATE_SECRET_FILE"), "LYCHGATE_SECRET_FILE", group},
		{p.getenv("LYCHGATE_DATABASE_FILE"), "LYCHGATE_DATABASE_FILE", group},
		{settings.SecretPath(), "the secret", group},
		{settings.DatabasePath(), "the database", anybody},
		{settings.TLSKey, "--tls-key", anybody}, // a group may hold certificates
	} {
		if info, err := os.Stat(secret.file); secret.file != "" && err == nil && info.Mode().Perm()&secret.mode != 0 && runtime.GOOS != "windows" {
			list = append(list, fmt.Sprintf("%s: the file %s is open to others on this machine (mode %04o): chmod 600 it, and make a new one if anybody may have read it", secret.what, secret.file, info.Mode().Perm()))
		}
	}
	return list
}
