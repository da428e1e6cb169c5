//go:build linux

package cli_test

import (
	"bytes"
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"lychgate/server/servertest"
)

// beforeOperations is the commit whose binary the upgrade begins with.
const beforeOperations = "c99728f"

// drill stands in for what a test must not do to the machine: users, systemd,
// its fixed port. All else of docs/operations.md is run as it is written, below
// another root.
const drill = `
set -euo pipefail
useradd() { :; }
chown() { :; }
runuser() { shift 3; "$@"; } # -u lychgate --
install() {
	local words=()
	while [ $# -gt 0 ]; do case "$1" in -o | -g) shift ;; *) words+=("$1") ;; esac; shift; done
	command install "${words[@]}"
}
server=
systemctl() {
	case "$*" in
	daemon-reload) ;;
	'start lychgate' | 'enable --now lychgate')
		: >"$ROOT/ready"
		(set -a; . "$ROOT/etc/lychgate/environment"; exec "$ROOT/usr/local/bin/lychgate" serve >"$ROOT/ready" 2>>"$ROOT/log") &
		server=$!
		until grep -q 'ready at' "$ROOT/ready"; do kill -0 $server 2>/dev/null || { cat "$ROOT/log" >&2; return 1; }; sleep 0.05; done ;;
	'stop lychgate' | 'disable --now lychgate') kill -TERM $server; wait $server; server= ;;
	'restart lychgate') systemctl stop lychgate; systemctl start lychgate ;;
	*) echo "systemctl $* is not known" >&2; return 1 ;;
	esac
}
trap '[ -z "$server" ] || kill -9 $server' EXIT
curl() { command curl --header 'Host: app.example.com' "$@"; }
# signed STATUS asks for the profile with the last sign-in.
signed() { [ "$(curl -s -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $token" http://127.0.0.1:8080/api/user/profile)" = "$1" ]; }
signIn() { token=$(curl -sS --fail -H 'Content-Type: application/json' -d '{"email":"ada@example.com","password":"correct horse battery staple","tokenDelivery":"body"}' http://127.0.0.1:8080/api/auth/login | sed 's/.*"accessToken":"\([^"]*\)".*/\1/'); }
users() { lychgate user list --json --data-dir /var/lib/lychgate | grep -c '"email"'; }
# signsIn EMAIL PASSWORD STATUS signs in, and compares the status.
signsIn() { [ "$(curl -sS -o /dev/null -w '%{http_code}' -H 'Content-Type: application/json' -d "{\"email\":\"$1\",\"password\":\"$2\"}" http://127.0.0.1:8080/api/auth/login)" = "$3" ]; }
# nightly does what cron does at night: it mails whatever is printed.
nightly() { [ -z "$(env -i PATH=/usr/bin:/bin sh -c "$(sed -n 's/^15 3 \* \* \* lychgate //p' /etc/cron.d/lychgate)" 2>&1)" ]; }
long=$(printf 'fifteen letters%.0s' 1 2 3 4 5) # 75 bytes: bcrypt alone would cut it
`

// section returns the shell commands below a heading of docs/operations.md.
func section(t *testing.T, heading string) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(text), "\n"+heading+"\n")
	if !found {
		t.Fatalf("docs/operations.md has no %s", heading)
	}
	if next := regexp.MustCompile(`(?m)^##`).FindStringIndex(rest); next != nil {
		rest = rest[:next[0]]
	}
	var commands strings.Builder
	for _, block := range regexp.MustCompile("(?s)\n```sh\n(.*?)```").FindAllStringSubmatch(rest, -1) {
		commands.WriteString(block[1])
	}
	if commands.Len() == 0 {
		t.Fatalf("%s has no commands", heading)
	}
	return commands.String()
}

// TestOperations does what docs/operations.md says, from an installation of an
// older version to a lost secret.
func TestOperations(t *testing.T) {
	for _, tool := range []string{"bash", "curl", "sqlite3", "tar", "git"} {
		servertest.Tool(t, tool, tool)
	}
	root := t.TempDir()
	for _, dir := range []string{"etc/systemd/system", "etc/cron.d", "usr/local/bin", "var/lib", "var/backups", "root", "work/docs"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	old := buildOlder(t)
	recent, err := exec.LookPath("lychgate") // put there by testscript
	if err != nil {
		t.Fatal(err)
	}
	unit, err := os.ReadFile("../../docs/systemd.service")
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{
		"work/docs/systemd.service": unit,
		"root/password.txt":         []byte("correct horse battery staple\n"),
	} {
		if err := os.WriteFile(filepath.Join(root, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	move := strings.Replace(section(t, "## Move to another machine"), "tar --extract",
		"mv /var/lib/lychgate \"$ROOT/old-machine\"\ntar --extract", 1)
	script := strings.Join([]string{
		`cp "$OLD" lychgate`, section(t, "## Install"),
		"signIn; signed 200; [ $(users) = 1 ]",
		`cp "$NEW" lychgate`, section(t, "## Upgrade"), "signed 200; [ $(users) = 1 ]",
		"lychgate user create --data-dir /var/lib/lychgate --email bob@example.com </root/password.txt",
		// The version before opens what this one has written: both have one schema.
		section(t, "### Roll back"), "[ $(users) = 1 ]", // the second half puts the backup back
		"signed 401; rm /var/backups/lychgate/before-upgrade.db", `cp "$NEW" lychgate`, section(t, "## Upgrade"),
		section(t, "## Backups"),
		"touch -d '40 days ago' /var/backups/lychgate/lychgate-2000-01-01.db; nightly; nightly",
		"[ $(ls /var/backups/lychgate/lychgate-*.db | wc -l) = 1 ]; ! ls /var/backups/lychgate/lychgate-2000-01-01.db",
		"signIn; lychgate user create --data-dir /var/lib/lychgate --email bob@example.com </root/password.txt",
		"rm /root/lychgate.secret; install -m 600 /var/lib/lychgate/secret /root/lychgate.secret",
		section(t, "### Restore"), "signed 401; [ $(users) = 1 ]",
		"signIn", move, "signed 200",
		`lychgate user create --data-dir /var/lib/lychgate --email eve@example.com <<<"$long"; signsIn eve@example.com "$long" 200`,
		"{", section(t, "## Lose or replace the secret"), `} >"$ROOT/lost"`, "signed 401; signIn; signed 200",
		`[ "$(grep @ "$ROOT/lost")" = eve@example.com ]; signsIn eve@example.com "$long" 401`,
		`lychgate user set-password --data-dir /var/lib/lychgate --email eve@example.com <<<"$long"; signsIn eve@example.com "$long" 200`,
		"systemctl stop lychgate; echo done",
	}, "\n")
	paths := regexp.MustCompile(`(^|[\s"<>(=])/(var|etc|usr/local|root)/`)
	script = paths.ReplaceAllString(drill+script, "${1}"+root+"/${2}/")
	script = strings.ReplaceAll(script, "127.0.0.1:8080", unusedAddress(t))

	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-c", script)
	cmd.Dir = filepath.Join(root, "work")
	cmd.Env = []string{"PATH=" + filepath.Join(root, "usr/local/bin") + ":" + os.Getenv("PATH"), "ROOT=" + root, "OLD=" + old, "NEW=" + recent, "HOME=" + root}
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	cmd.WaitDelay = time.Second
	if err := cmd.Run(); err != nil || !strings.HasSuffix(output.String(), "done\n") {
		log, _ := os.ReadFile(filepath.Join(root, "log"))
		t.Errorf("%v\n%s\n%s", err, &output, log)
	}
}

// unusedAddress returns an address that nobody listens on.
func unusedAddress(t *testing.T) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// buildOlder builds the binary of an earlier commit, with the placeholder of a
// frontend.
func buildOlder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	archive := exec.CommandContext(t.Context(), "bash", "-c", `set -o pipefail; git archive "$1" | tar -x -C "$2"`, "bash", beforeOperations, dir)
	archive.Dir = "../.."
	if output, err := archive.CombinedOutput(); err != nil {
		t.Skipf("this clone lacks the commit %s, whose binary the test upgrades (git fetch --unshallow gets it): %s", beforeOperations, output)
	}
	if then, now := module(t, dir), module(t, "../.."); then != now {
		t.Skipf("the commit %s has the name %s and this project %s, so its binary reads other variables", beforeOperations, then, now)
	}
	binary := filepath.Join(dir, "older")
	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-o", binary, ".")
	build.Dir = dir
	build.Env = append(os.Environ(), "CGO_ENABLED=0") // as the Makefile builds, so that SQLite is compiled already
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build %s: %v\n%s", beforeOperations, err, output)
	}
	return binary
}

// module returns the line of go.mod that names a tree's module.
func module(t *testing.T, dir string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	name, _, _ := strings.Cut(string(text), "\n")
	return name
}

// TestLowPort gives a file the capability for ports below 1024 as the page says.
// It lasts until the file is replaced.
func TestLowPort(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can give a file a capability")
	}
	servertest.Tool(t, "setcap", "libcap2-bin")
	dir, program := public(t)
	address := privilegedAddress(t)
	data := filepath.Join(dir, "data")
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(data, nobody, nobody); err != nil {
		t.Fatal(err)
	}
	serve := func() *exec.Cmd {
		cmd := lychgate(t, dir, "serve", "--addr", address, "--data-dir", data)
		cmd.Path = program
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		return cmd
	}
	setcap, _, _ := strings.Cut(section(t, "### Ports below 1024"), "\n")
	grant := exec.CommandContext(t.Context(), "bash", "-c", strings.ReplaceAll(setcap, "/usr/local/bin/lychgate", program))
	grant.Env = append(os.Environ(), "PATH="+os.Getenv("PATH")+":/usr/sbin")
	if output, err := grant.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", setcap, err, output)
	}
	_, end := serves(t, serve())
	end(syscall.SIGTERM)

	binary, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(program+".next", binary, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(program+".next", program); err != nil {
		t.Fatal(err)
	}
	if _, said := does(t, 1, serve()); !strings.Contains(said, "setcap") {
		t.Errorf("it said %q, want setcap in it", said)
	}
}

// privilegedAddress returns an address that nobody listens on, and that only
// root can listen on.
func privilegedAddress(t *testing.T) string {
	t.Helper()
	const name = "/proc/sys/net/ipv4/ip_unprivileged_port_start"
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	first, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	for port := min(first, 1024) - 1; port > 0; port-- {
		address := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
		listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", address)
		if err == nil {
			listener.Close()
			return address
		}
	}
	t.Skipf("no port is for root alone and free here (%s is %d)", name, first)
	return ""
}

// TestUnit lets systemd check the documented unit.
func TestUnit(t *testing.T) {
	analyze := servertest.Tool(t, "systemd-analyze", "systemd")
	text, err := os.ReadFile("../../docs/systemd.service")
	if err != nil {
		t.Fatal(err)
	}
	program, err := exec.LookPath("lychgate")
	if err != nil {
		t.Fatal(err)
	}
	unit := filepath.Join(t.TempDir(), "lychgate.service")
	if err := os.WriteFile(unit, bytes.ReplaceAll(text, []byte("/usr/local/bin/lychgate"), []byte(program)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"verify", unit}, {"security", "--offline=true", "--threshold=20", "--no-pager", unit}} {
		output, err := exec.CommandContext(t.Context(), analyze, args...).CombinedOutput()
		if err != nil || args[0] == "verify" && len(output) > 0 {
			t.Errorf("systemd-analyze %s: %v\n%s", args[0], err, output)
		}
	}
}
