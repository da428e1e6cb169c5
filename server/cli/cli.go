// Package cli is the command line: it reads flags and environment, and runs a
// command. It leans on config for what the settings mean, and on server for
// doing it.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os/signal"
	"runtime"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

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
	Built bool // false for the page that says how to build it
}

// process is what a command is given of its surroundings.
type process struct {
	ctx            context.Context
	getenv         func(string) string
	stdin          io.Reader
	stdout, stderr io.Writer
	site           Site
	known          map[string]bool // the variables of the environment that are read
}

// usageError is a fault of flags or settings.
type usageError struct{ error }

type commands struct {
	Serve   serveCommand   `cmd:"" default:"withargs" help:"Serve the site and the API (the default)."`
	Version versionCommand `cmd:"" help:"Print the version."`
	User    struct {
		Create      userCreateCommand      `cmd:"" help:"Make an account."`
		Import      userImportCommand      `cmd:"" help:"Make accounts with the password hashes of another system."`
		SetPassword userSetPasswordCommand `cmd:"" help:"Set the password of an account and end its sessions."`
		List        userListCommand        `cmd:"" help:"List the accounts."`
		Show        userShowCommand        `cmd:"" help:"Show an account, its sessions and its last events."`
		Disable     userDisableCommand     `cmd:"" help:"Keep a person from signing in, and end their sessions."`
		Enable      userEnableCommand      `cmd:"" help:"Let a person sign in again."`
		Delete      userDeleteCommand      `cmd:"" help:"Delete an account and all that is the person's."`
	} `cmd:"" help:"Manage accounts, also beside a running server."`
	Session struct {
		List sessionListCommand `cmd:"" help:"List the sessions that have not ended."`
		End  sessionEndCommand  `cmd:"" help:"End a session, or all of an account."`
	} `cmd:"" help:"See and end sessions, also beside a running server."`
	Key struct {
		List   keyListCommand   `cmd:"" help:"List the keys that sign and verify access tokens."`
		Rotate keyRotateCommand `cmd:"" help:"Make a new signing key; the old one verifies until its last token has expired."`
	} `cmd:"" help:"Manage the signing keys, also beside a running server."`
	Audit   auditCommand   `cmd:"" help:"Show who did what, when, from where, and how it came out."`
	Backup  backupCommand  `cmd:"" help:"Copy the database to a file, also beside a running server."`
	Restore restoreCommand `cmd:"" help:"Put a backup in the place of the database, and revoke every session; the server must be stopped."`
	Migrate migrateCommand `cmd:"" help:"Bring the database's schema up to this version, as serve does when it starts."`
}

// Run runs a command and returns the exit status of the process: 0 when it
// did its work, 1 when it failed, 2 when flags or settings are at fault.
func Run(args []string, getenv func(string) string, stdin io.Reader, stdout, stderr io.Writer, site Site) int {
	// Without this a write to a pipe that nobody reads any more would end the
	// process in the middle of its work.
	signal.Ignore(syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	// Ctrl-C again ends the process at once. SIGTERM again does not: a
	// supervisor that repeats itself must not cut off what is being answered.
	context.AfterFunc(ctx, func() { signal.Reset(syscall.SIGINT) })
	output := &pipe{Writer: stdout}
	p := &process{ctx: ctx, getenv: getenv, stdin: stdin, stdout: output, stderr: stderr, site: site}

	err := p.run(args)
	var asked exit
	if errors.As(err, &asked) {
		return int(asked)
	}
	if err == nil {
		return exitOK
	}
	if output.broken && errors.Is(err, syscall.EPIPE) {
		return exitFailed // whoever read the output has seen enough, as head has
	}
	report(stderr, err)
	var usage usageError
	if errors.As(err, &usage) {
		fmt.Fprintln(stderr, "lychgate: see lychgate --help")
		return exitUsage
	}
	return exitFailed
}

// pipe is an output whose reader may go away.
type pipe struct {
	io.Writer
	broken bool
}

// Write notes that nobody reads any more.
func (p *pipe) Write(text []byte) (int, error) {
	n, err := p.Writer.Write(text)
	p.broken = p.broken || errors.Is(err, syscall.EPIPE)
	return n, err
}

// exit is what kong asks for after --help.
type exit int

func (e exit) Error() string { return fmt.Sprintf("exit %d", int(e)) }

func (p *process) run(args []string) (err error) {
	defer func() {
		switch cause := recover().(type) {
		case nil:
		case exit: // kong goes on after Exit, unless it cannot return
			err = cause
		default:
			panic(cause)
		}
	}()
	parser, err := kong.New(&commands{},
		kong.Name("lychgate"),
		kong.Description("Carries a Next.js site, signs people in, and lets nobody see a protected page who may not.\n\n"+
			"Every flag can also be set in the environment: LYCHGATE_ and the flag in capitals, with _ for -, such as LYCHGATE_DATA_DIR. A flag beats the environment."),
		kong.Writers(p.stdout, p.stderr),
		kong.Exit(func(code int) { panic(exit(code)) }),
		kong.Resolvers(kong.ResolverFunc(p.fromEnvironment)),
	)
	if err != nil {
		return fmt.Errorf("define the command line: %w", err)
	}
	p.known = variables(parser.Model)
	command, err := parser.Parse(args)
	if err != nil {
		return usageError{err}
	}
	if command.Selected().Name != "serve" { // which logs them
		for _, warning := range p.unknownVariables(p.known) {
			fmt.Fprintf(p.stderr, "lychgate: warning: %s\n", warning)
		}
	}
	return command.Run(p)
}

// fromEnvironment reads a flag that was not given from the environment.
func (p *process) fromEnvironment(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	if flag.Tag.Has("argument") { // says what to do, not how: from the command line alone
		return nil, nil
	}
	if value := p.getenv(variableOf(flag.Name)); value != "" {
		return value, nil
	}
	return nil, nil
}

// report prints an error for a person: the faults of fields a line each, and
// of a failure of the store its cause, which no client sees but who runs the
// program must.
func report(w io.Writer, err error) {
	var p *problem.Error
	switch {
	case errors.As(err, &p) && len(p.Fields) > 0:
		for _, field := range p.Fields {
			fmt.Fprintf(w, "lychgate: %s: %s\n", field.Field, field.Detail)
		}
	case errors.As(err, &p) && p.Cause != nil:
		fmt.Fprintf(w, "lychgate: %v\n", p.Cause)
	case errors.As(err, &p):
		fmt.Fprintf(w, "lychgate: %s\n", p.Detail)
	default:
		for line := range strings.Lines(err.Error()) {
			fmt.Fprintf(w, "lychgate: %s\n", strings.TrimSuffix(line, "\n"))
		}
	}
}

// version is set by the linker.
var version = "dev"

type versionCommand struct{}

// Run prints the version.
func (versionCommand) Run(p *process) error {
	_, err := fmt.Fprintf(p.stdout, "lychgate %s (%s, %s/%s)\n", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }
