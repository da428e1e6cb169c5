package cli

import (
	"fmt"
	"text/tabwriter"

	"lychgate/server"
)

type migrateCommand struct {
	installation
	output
}

// Run brings the schema of an installation that exists up to date.
func (m *migrateCommand) Run(p *process) error {
	settings, err := m.existing(p)
	if err != nil {
		return err
	}
	db, done, err := p.opener().Migrate(p.ctx, settings.DatabasePath())
	if err != nil {
		return server.WhatToDo(err)
	}
	if err := db.Close(); err != nil {
		return err
	}
	result := struct {
		From    int64   `json:"from"`
		To      int64   `json:"to"`
		Applied []int64 `json:"applied"`
	}{done.From, done.To, append([]int64{}, done.Applied...)}
	return m.print(p, result, func(table *tabwriter.Writer) {
		switch {
		case len(done.Applied) == 0:
			row(table, fmt.Sprintf("nothing to do: the schema is %d already", done.To))
		case done.From == done.To: // a fork's own alone
			row(table, fmt.Sprintf("applied %v; the schema is still %d", done.Applied, done.To))
		default:
			row(table, fmt.Sprintf("migrated the schema from %d to %d", done.From, done.To))
		}
	})
}
