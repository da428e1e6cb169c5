package cli

import (
	"fmt"

	"lychgate/server/backup"
	"lychgate/server/cli/terminal"
)

type backupCommand struct {
	installation
	terminal.Output
	Force bool   `help:"Replace an earlier backup of this name in one step; no other file is ever replaced."`
	File  string `arg:"" help:"The file to write; without --force it must not exist yet."`
}

// Run copies the database, consistently, to a file. It changes nothing, even if
// the database belongs to another version.
func (b *backupCommand) Run(p *process) error {
	if err := b.mustExist(); err != nil {
		return err
	}
	file, size, err := backup.Create(p.ctx, b.DatabasePath(), b.File, b.Force)
	if p.ctx.Err() != nil {
		return fmt.Errorf("interrupted; nothing was written to %s", b.File)
	}
	if err != nil {
		return fmt.Errorf("back up to %s: %w", b.File, err)
	}
	written := struct {
		File       string `json:"file"`
		Bytes      int64  `json:"bytes"`
		HoldSecret bool   `json:"holdsSecret"`
	}{file, size, false}
	return b.Say(p.Stdout, written,
		fmt.Sprintf("wrote %s (%d bytes)", file, size),
		"The secret is not in it: back that up too, in another place.")
}
