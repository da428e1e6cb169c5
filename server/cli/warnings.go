package cli

import (
	"fmt"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"

	"lychgate/server/config"
)

// ofKubernetes matches what Kubernetes puts into every container beside a
// service that is called lychgate: nobody mistyped that.
var ofKubernetes = regexp.MustCompile(`^LYCHGATE_(SERVICE_HOST=|SERVICE_PORT(_\w+)?=|PORT=\w+://|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?=)`)

// unknownVariables returns a warning for every variable that looks like ours and
// that nothing reads: it is mistyped. It tells the names alone, because a value
// can be secret.
func (p *process) unknownVariables() (warnings []string) {
	known := config.Variables()
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		upper := strings.ToUpper(name)
		if !strings.HasPrefix(upper, config.Prefix) || slices.Contains(known, name) || ofKubernetes.MatchString(entry) || p.getenv(name) == "" {
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

// nearest returns the known name that is most similar to another, or nothing if
// all are too different.
func nearest(name string, known []string) (best string) {
	letters := strings.NewReplacer(config.Prefix, "", "_", "").Replace
	least := 1 + max(1, len(letters(name))/3)
	for _, candidate := range known {
		if d := levenshtein.ComputeDistance(letters(name), letters(candidate)); d < least {
			best, least = candidate, d
		}
	}
	return best
}

// fileSecrecy is a file, and the bits of its mode that nobody else should have.
type fileSecrecy struct {
	file, what string
	mode       os.FileMode
}

// warnings returns what an operator should know of settings that are allowed but
// perhaps not meant.
func (p *process) warnings(settings config.Config) (list []string) {
	for _, wide := range settings.WideProxies() {
		list = append(list, fmt.Sprintf("--trusted-proxy %s includes strangers, who can then claim any address and pass every limit by address: name only your own proxies", wide))
	}
	const anybody, group = 0o007, 0o077
	files := []fileSecrecy{
		{settings.SecretPath(), "the secret", group},
		{settings.DatabasePath(), "the database", anybody},
		{settings.TLSKey, "--tls-key", anybody}, // a group may hold certificates
	}
	for _, setting := range config.Settings() {
		if variable := setting.FileVariable(); variable != "" {
			files = append(files, fileSecrecy{p.getenv(variable), variable, group})
		}
	}
	for _, secret := range files {
		if info, err := os.Stat(secret.file); secret.file != "" && err == nil && info.Mode().Perm()&secret.mode != 0 && runtime.GOOS != "windows" {
			list = append(list, fmt.Sprintf("%s: other users of this machine can read the file %s (mode %04o): run chmod 600 on it, and make a new one if anybody may have read it", secret.what, secret.file, info.Mode().Perm()))
		}
	}
	return list
}
