package cli

import (
	"time"

	"lychgate/server"
	"lychgate/server/audit"
	"lychgate/server/cli/terminal"
	"lychgate/server/config"
	"lychgate/server/token"
)

type keyLine struct {
	ID        string     `json:"id"`
	CreatedAt time.Time  `json:"createdAt"`
	Signs     bool       `json:"signs"`
	SignsFrom time.Time  `json:"signsFrom"`
	RetiresAt *time.Time `json:"retiresAt,omitempty"`
}

func newKeyLine(key token.KeyInfo) keyLine {
	line := keyLine{ID: key.ID, CreatedAt: key.CreatedAt, Signs: key.Signs, SignsFrom: key.SignsFrom}
	if !key.RetiresAt.IsZero() {
		line.RetiresAt = &key.RetiresAt
	}
	return line
}

// Columns are those of a table of keys.
func (k keyLine) Columns() []string {
	use := "verifies"
	if k.Signs {
		use = "signs and verifies"
	} else if k.RetiresAt == nil {
		use = "signs from " + terminal.Stamp(k.SignsFrom)
	}
	if k.RetiresAt != nil {
		use += ", until " + terminal.Stamp(*k.RetiresAt) + " at the latest"
	}
	return []string{k.ID, terminal.Stamp(k.CreatedAt), use}
}

// keyCommand is the shape of commands about keys. They need the lifetime of
// access tokens that the server has: for that long an old key still verifies.
type keyCommand struct {
	sealed
	config.Tokens
	terminal.Output
}

// on does something to the keys, and lists them, the newest first.
func (k *keyCommand) on(p *process, work func(*token.Keys) error) error {
	if err := k.mustExist(); err != nil {
		return err
	}
	settings := k.settings()
	settings.Tokens = k.Tokens
	return p.withAccounts(settings, func(service *server.Accounts) error {
		if err := work(service.Keys); err != nil {
			return err
		}
		return k.List(p.Stdout, terminal.List{
			Heading: []string{"KEY", "CREATED", "USE"},
			Lines:   terminal.LinesOf(service.Keys.Infos(), newKeyLine),
		})
	})
}

type keyListCommand struct{ keyCommand }

// Run lists the signing keys.
func (k *keyListCommand) Run(p *process) error {
	return k.on(p, func(*token.Keys) error { return nil })
}

type keyRotateCommand struct{ keyCommand }

// Run creates a new signing key, and lists them all.
func (k *keyRotateCommand) Run(p *process) error {
	return k.on(p, func(keys *token.Keys) error {
		_, err := keys.Rotate(p.ctx, audit.CommandLine())
		return err
	})
}
