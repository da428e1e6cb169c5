// Package cli is the command line: one file per noun, with its commands and
// what they print. It leans on config for settings, on terminal for asking and
// printing, and on server and its features for the work.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"lychgate/server/cli/terminal"
	"lychgate/server/config"
	"lychgate/server/problem"
)

// The exit statuses.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2 // the flags or the settings are at fault
)

// Site is the frontend that the binary carries.
type Site struct {
	Files fs.FS
	Built bool // false: only a placeholder page
}

// process is a command's environment.
type process struct {
	terminal.Terminal
	ctx     context.Context
	getenv  func(string) string
	site    Site
	command string // as a person types it, such as "lychgate user create"
	// failures is where a server logs what stops it; nil if that is printed
	// for a person, as every other command does.
	failures *slog.Logger
}

// usageError is an invalid flag or setting.
type usageError struct{ error }

type commands struct {
	AskVersion kong.VersionFlag `name:"version" help:"Print the version."`

	Serve   serveCommand   `cmd:"" default:"withargs" help:"Serve the site and the API (the default)."`
	Version versionCommand `cmd:"" help:"Print the version."`
	User    struct {
		Create      userCreateCommand      `cmd:"" help:"Create an account."`
		Import      userImportCommand      `cmd:"" help:"Create accounts with the password hashes of another system."`
		SetPassword userSetPasswordCommand `cmd:"" help:"Set the password of an account and revoke its sessions."`
		List        userListCommand        `cmd:"" help:"List the accounts."`
		Show        userShowCommand        `cmd:"" help:"Show an account, its sessions and its latest events."`
		Disable     userDisableCommand     `cmd:"" help:"Keep a person from signing in, and revoke their sessions."`
		Enable      userEnableCommand      `cmd:"" help:"Let a person sign in again."`
		Role        userRoleCommand        `cmd:"" help:"Give an account a role."`
		Delete      userDeleteCommand      `cmd:"" help:"Delete an account and all of the person's data."`
	} `cmd:"" help:"Manage accounts, also while a server is running."`
	Plan struct {
		Grant  planGrantCommand  `cmd:"" help:"Grant a plan to an account, or change when its grant ends."`
		Revoke planRevokeCommand `cmd:"" help:"Revoke the plans that were granted to an account by hand."`
		List   planListCommand   `cmd:"" help:"List the granted plans."`
	} `cmd:"" help:"Grant and revoke plans, also while a server is running."`
	Session struct {
		List sessionListCommand `cmd:"" help:"List the active sessions."`
		End  sessionEndCommand  `cmd:"" help:"Revoke a session, or all sessions of an account."`
	} `cmd:"" help:"List and revoke sessions, also while a server is running."`
	Key struct {
		List   keyListCommand   `cmd:"" help:"List the keys that sign and verify access tokens."`
		Rotate keyRotateCommand `cmd:"" help:"Create a new signing key; the old one verifies until its last token has expired."`
	} `cmd:"" help:"Manage the signing keys, also while a server is running."`
	Audit   auditCommand   `cmd:"" help:"Show who did what, when and from where, and whether it succeeded."`
	Backup  backupCommand  `cmd:"" help:"Copy the database to a file, also while a server is running."`
	Restore restoreCommand `cmd:"" help:"Replace the database with a backup and revoke every session; the server must be stopped."`
	Migrate migrateCommand `cmd:"" help:"Bring the database's schema up to this version, as serve does when it starts."`
}

// Run runs a command and returns the exit status of the process: 0 if it did
// its work, 1 if it failed, 2 if flags or settings are at fault.
func Run(args []string, getenv func(string) string, stdin io.Reader, stdout, stderr io.Writer, site Site) int {
	// Without this, a write to a closed pipe would end the process in the
	// middle of its work.
	signal.Ignore(syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	// A second Ctrl-C ends the process at once. A second SIGTERM does not: a
	// supervisor repeating itself must not cut off pending requests.
	context.AfterFunc(ctx, func() { signal.Reset(syscall.SIGINT) })
	output := &pipe{Writer: stdout}
	p := &process{Terminal: terminal.Terminal{Stdin: stdin, Stdout: output, Stderr: stderr}, ctx: ctx, getenv: getenv, site: site}

	err := p.run(args)
	var asked exit
	if errors.As(err, &asked) {
		return int(asked)
	}
	if err == nil {
		return exitOK
	}
	if output.broken && errors.Is(err, syscall.EPIPE) {
		return exitFailed // the reader has seen enough, as head has
	}
	var usage usageError
	misused := errors.As(err, &usage)
	help := p.command + " --help"
	for _, line := range explain(err) {
		switch {
		case p.failures == nil:
			fmt.Fprintf(stderr, "lychgate: %s\n", line)
		case misused:
			p.failures.Error("the server failed", "error", line, "help", help)
		default:
			p.failures.Error("the server failed", "error", line)
		}
	}
	if misused && p.failures == nil {
		fmt.Fprintf(stderr, "lychgate: see %s\n", help)
	}
	if misused {
		return exitUsage
	}
	return exitFailed
}

// pipe is an output whose reader may go away.
type pipe struct {
	io.Writer
	broken bool
}

// Write notes when nobody reads any more.
func (p *pipe) Write(text []byte) (int, error) {
	n, err := p.Writer.Write(text)
	p.broken = p.broken || errors.Is(err, syscall.EPIPE)
	return n, err
}

// exit is kong's request to exit, after --help.
type exit int

func (e exit) Error() string { return fmt.Sprintf("exit %d", int(e)) }

func (p *process) run(args []string) (err error) {
	defer func() {
		switch cause := recover().(type) {
		case nil:
		case exit: // panic is the only way to stop kong at Exit
			err = cause
		default:
			panic(cause)
		}
	}()
	settings := config.NewReader(p.getenv)
	var all commands
	parser, err := kong.New(&all, append(settings.Options(),
		kong.Name("lychgate"),
		kong.Description("Serves a Next.js site, signs people in, and serves protected pages only to people allowed to see them.\n\n"+
			"Every setting can also come from the environment: LYCHGATE_ and its flag in capitals, with _ for -, such as LYCHGATE_DATA_DIR. A flag overrides its variable."),
		kong.Vars{"version": versionLine()},
		kong.Writers(p.Stdout, p.Stderr),
		kong.Exit(func(code int) { panic(exit(code)) }),
	)...)
	if err != nil {
		return fmt.Errorf("define the command line: %w", err)
	}
	if err := p.knows(parser.Model.Node, args); err != nil {
		return usageError{err}
	}
	command, err := parser.Parse(args)
	meant := commandOf(command, err)
	p.command = meant.FullPath()
	serves := meant.Name == "serve"
	if serves {
		if err != nil {
			all.Serve.Logging = config.Logging{LogFormat: p.logFormat(args)}
		}
		p.failures = p.failureLog(all.Serve.Logging)
	}
	if err != nil {
		return usageError{inOrder(parser.Model.Node, args, err)}
	}
	faults := settings.Faults(command)
	if faults != nil || !serves { // a server that starts logs them
		p.warn(p.unknownVariables())
	}
	if faults != nil {
		return usageError{faults}
	}
	return command.Run(p)
}

// warn says warnings where failures are said.
func (p *process) warn(warnings []string) {
	for _, warning := range warnings {
		if p.failures != nil {
			p.failures.Warn(warning)
		} else {
			fmt.Fprintf(p.Stderr, "lychgate: warning: %s\n", warning)
		}
	}
}

// logFormat returns the chosen format of the log, if one was chosen, for arguments
// that could not be read as a whole.
func (p *process) logFormat(args []string) string {
	chosen := p.getenv("LYCHGATE_LOG_FORMAT")
	for i, arg := range args {
		value, found := strings.CutPrefix(arg, "--log-format=")
		if arg == "--log-format" && i+1 < len(args) {
			value, found = args[i+1], true
		}
		if found {
			chosen = value
		}
	}
	return chosen
}

// knows returns an error if the first argument is no command: kong would take
// it for an argument of the default one.
func (p *process) knows(root *kong.Node, args []string) error {
	p.command = root.FullPath()
	if len(args) == 0 || strings.HasPrefix(args[0], "-") {
		return nil
	}
	names := commandNames(root)
	if slices.Contains(names, args[0]) {
		return nil
	}
	if near := nearest(args[0], names); near != "" {
		return fmt.Errorf("there is no command %q, did you mean %q?", args[0], near)
	}
	return fmt.Errorf("there is no command %q", args[0])
}

// inOrder adds to an error what helps if a flag stands before the command: kong
// takes it for one of the default command.
func inOrder(root *kong.Node, args []string, err error) error {
	if len(args) == 0 || !strings.HasPrefix(args[0], "-") {
		return err
	}
	names := commandNames(root)
	later := slices.IndexFunc(args, func(arg string) bool { return slices.Contains(names, arg) })
	if later < 0 {
		return err
	}
	return fmt.Errorf("%w; if %s is meant as the command, write it first: %s %s …", err, args[later], root.Name, args[later])
}

func commandNames(root *kong.Node) (names []string) {
	for _, command := range root.Children {
		names = append(names, command.Name)
	}
	return names
}

// commandOf returns the command that arguments led to, also where kong refused
// what came after it.
func commandOf(parsed *kong.Context, err error) *kong.Node {
	var refused *kong.ParseError
	if errors.As(err, &refused) {
		parsed = refused.Context
	}
	node := parsed.Model.Node
	for _, step := range parsed.Path {
		if step.Command != nil {
			node = step.Command
		}
	}
	if node.DefaultCmd != nil {
		node = node.DefaultCmd
	}
	return node
}

// explain says an error to an operator: one line per field error, and the cause
// of a store's failure, which clients never see but operators must.
func explain(err error) (lines []string) {
	var p *problem.Error
	switch {
	case errors.As(err, &p) && len(p.Fields) > 0:
		for _, field := range p.Fields {
			lines = append(lines, field.Field+": "+field.Detail)
		}
		return lines
	case errors.As(err, &p) && p.Cause != nil:
		return []string{p.Cause.Error()}
	case errors.As(err, &p):
		return []string{p.Detail}
	default:
		return strings.Split(strings.TrimSuffix(err.Error(), "\n"), "\n")
	}
}

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }
