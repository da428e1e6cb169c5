package cli

import (
	"os"
	"text/tabwriter"
	"time"

	"lychgate/server"
	"lychgate/server/audit"
	"lychgate/server/store"
	"lychgate/server/user"
)

type userImportCommand struct {
	installation
	output
	File string `arg:"" help:"JSON lines {\"email\", \"name\", \"passwordHash\", \"emailVerified\"} with bcrypt hashes; - is standard input."`
}

// Run makes an account of each line, or none at all.
func (u *userImportCommand) Run(p *process) (err error) {
	settings, err := u.settings(p)
	if err != nil {
		return err
	}
	lines := p.input()
	if u.File != "-" {
		file, err := os.Open(u.File)
		if err != nil {
			return err
		}
		defer file.Close() //nolint:errcheck // it was read only
		lines = file
	}
	say := p.stdout
	if u.JSON {
		say = p.stderr
	}
	var read user.Import
	db, err := p.openOrInstall(settings, say, func(db *store.Store) (err error) {
		read, err = user.ReadImport(lines, time.Now(), func(email string) (bool, error) {
			if db == nil {
				return false, nil
			}
			return user.Service{Store: db}.Exists(p.ctx, email)
		})
		return err
	})
	if err != nil {
		return err
	}
	return p.workOn(settings, db, func(service *server.Accounts) error {
		count, err := user.Service{Store: service.Store, Now: time.Now}.Import(p.ctx, read, audit.CommandLine())
		if err != nil {
			return err
		}
		return u.print(p, map[string]int{"imported": count}, func(table *tabwriter.Writer) {
			row(table, "imported "+counted(count, "account"))
		})
	})
}
