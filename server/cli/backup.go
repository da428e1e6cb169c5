package cli

import (
	"fmt"
	"text/tabwriter"

	"lychgate/server/backup"
)

type backupCommand struct {
	installation
	output
	File string `arg:"" help:"The file to write; it must not exist yet."`
}

// Run copies the database, consistently, to a file. It changes nothing, also
// where the database is of another version.
func (b *backupCommand) Run(p *process) error {
	settings, err := b.existing(p)
	if err != nil {
		return err
	}
	file, size, err := backup.Create(p.ctx, settings.DatabasePath(), b.File)
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
	return b.print(p, written, func(table *tabwriter.Writer) {
		row(table, fmt.Sprintf("wrote %s (%d bytes)", file, size))
		row(table, "The secret is not in it: back that up too, in another place.")
	})
}
