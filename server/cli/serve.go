package cli

import (
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/term"

	"lychgate/server"
	"lychgate/server/config"
	"lychgate/server/origin"
	"lychgate/server/web"
)

// serveCommand takes all settings.
type serveCommand struct{ config.Config }

// Run serves until a signal comes.
func (s *serveCommand) Run(p *process) error {
	settings := s.Config
	env := server.Environment{Site: p.site.Files, Partial: !p.site.Built, Log: p.logger(settings.Logging), Now: time.Now, HashWorkers: ownThreads()}
	env.AccessLog = web.NewAccessLog(p.Stderr, env.Log, p.logsJSON(settings.Logging), web.AccessLines(settings.AccessLog))
	defer env.AccessLog.Close()
	if settings.InsecureCookies {
		// Whatever level is logged: this must not be missed.
		env.Log.Log(p.ctx, max(settings.LogLevel, slog.LevelWarn), "--insecure-cookies: everybody on the network can read cookies and passwords")
	}
	switch {
	case settings.FrontendDev != (origin.Origin{}):
		env.Log.Warn("development: the pages come from next dev, without the policies of a build", "frontend", settings.FrontendDev.String())
	case !p.site.Built:
		env.Log.Warn("THE FRONTEND IS NOT IN THIS BINARY: only a placeholder page is served. Build it with `make build`, or with `npm ci && npm run build` before `go run .`")
	}
	for _, warning := range p.unknownVariables() { // one of them may be why it does not start
		env.Log.Warn(warning)
	}
	if warning := formerData(settings.Installation); warning != "" { // before a database is made
		env.Log.Warn(warning)
	}
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)
	running, err := server.New(p.ctx, settings, env)
	if err != nil {
		return err
	}
	for _, warning := range p.warnings(settings) { // the secret is there now
		env.Log.Warn(warning)
	}
	done := make(chan struct{})
	defer close(done)
	go func() {
		for {
			select {
			case <-hangups:
				running.Reload()
			case <-done:
				return
			}
		}
	}()
	address := running.Address()
	env.Log.Info("ready", "url", address, "origin", running.Origin().String())
	// This line is for people and scripts, whatever the log level is.
	if _, err := fmt.Fprintf(p.Stdout, "lychgate is ready at %s\n", address); err != nil {
		env.Log.Warn("the ready line could not be printed", "error", err)
	}
	return running.Run(p.ctx)
}

// ownThreads makes room for one thread per core that only hashes passwords,
// besides those that answer requests, and returns their number.
func ownThreads() int {
	cores := runtime.GOMAXPROCS(0)
	runtime.GOMAXPROCS(2 * cores)
	return cores
}

func (p *process) logger(settings config.Logging) *slog.Logger {
	options := &slog.HandlerOptions{Level: settings.LogLevel}
	if p.logsJSON(settings) {
		return slog.New(slog.NewJSONHandler(p.Stderr, options))
	}
	return slog.New(slog.NewTextHandler(p.Stderr, options))
}

func (p *process) logsJSON(settings config.Logging) bool {
	return settings.LogFormat == "json" || settings.LogFormat != "text" && !p.logsToTerminal()
}

// failureLog returns the log for what stops a server, so that whatever collects
// its log can read that too. It returns nil if a person reads it at a terminal,
// or if the format itself is at fault.
func (p *process) failureLog(settings config.Logging) *slog.Logger {
	if settings.LogFormat == "" || settings.LogFormat != "json" && p.logsToTerminal() {
		return nil
	}
	return p.logger(settings)
}

func (p *process) logsToTerminal() bool {
	terminal, ok := p.Stderr.(*os.File)
	return ok && term.IsTerminal(int(terminal.Fd()))
}
