package cli

import (
	"fmt"

	"lychgate/server"
	"lychgate/server/cli/terminal"
)

type migrateCommand struct {
	installation
	terminal.Output
}

// Run brings the schema of an existing installation up to date.
func (m *migrateCommand) Run(p *process) error {
	if err := m.mustExist(); err != nil {
		return err
	}
	db, done, err := p.opener().Migrate(p.ctx, m.DatabasePath())
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
	said := fmt.Sprintf("migrated the schema from %d to %d", done.From, done.To)
	switch {
	case len(done.Applied) == 0:
		said = fmt.Sprintf("nothing to do: the schema is %d already", done.To)
	case done.From == done.To: // a fork's own alone
		said = fmt.Sprintf("applied %v; the schema is still %d", done.Applied, done.To)
	}
	return m.Say(p.Stdout, result, said)
}
