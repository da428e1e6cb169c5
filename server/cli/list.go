package cli

import (
	"bufio"
	"bytes"
	"encoding/json"
	"iter"
	"text/tabwriter"

	"github.com/go-json-experiment/json/jsontext"

	"lychgate/server/store"
)

// line is an item of a list: a row of a table, or an object of JSON.
type line interface{ columns() []string }

// lister prints lists as they are read, however long they are.
type lister struct {
	to   *bufio.Writer
	json *jsontext.Encoder // nil for tables
}

// list prints one list.
func list[T line](p *process, o output, heading []string, items iter.Seq2[T, error]) error {
	l := o.lister(p)
	if err := listInto(l, heading, items); err != nil {
		return err
	}
	return l.to.Flush()
}

func (o output) lister(p *process) *lister {
	l := &lister{to: bufio.NewWriter(p.stdout)}
	if o.JSON {
		l.json = jsontext.NewEncoder(l.to, jsontext.WithIndent("  "), jsontext.PreserveRawStrings(true))
	}
	return l
}

// listInto prints a list as a table, or as the next value of JSON.
func listInto[T line](l *lister, heading []string, items iter.Seq2[T, error]) error {
	if l.json != nil {
		return listJSON(l.json, items)
	}
	table := newTable(l.to)
	row(table, heading...)
	rows := 0
	for item, err := range items {
		if err != nil {
			return err
		}
		row(table, item.columns()...)
		if rows++; rows%store.StepRows == 0 { // the columns of each page have widths of their own
			if err := table.Flush(); err != nil {
				return err
			}
		}
	}
	return table.Flush()
}

func listJSON[T line](encoder *jsontext.Encoder, items iter.Seq2[T, error]) error {
	if err := encoder.WriteToken(jsontext.BeginArray); err != nil {
		return err
	}
	for item, err := range items {
		if err != nil {
			return err
		}
		value, err := printableValue(item)
		if err != nil {
			return err
		}
		if err := encoder.WriteValue(value); err != nil {
			return err
		}
	}
	return encoder.WriteToken(jsontext.EndArray)
}

// members writes the members of a value into the object that has been begun.
func members(encoder *jsontext.Encoder, value any) error {
	encoded, err := printableValue(value)
	if err != nil {
		return err
	}
	decoder := jsontext.NewDecoder(bytes.NewReader(encoded))
	if _, err := decoder.ReadToken(); err != nil {
		return err
	}
	for decoder.PeekKind() != jsontext.KindEndObject {
		part, err := decoder.ReadValue()
		if err != nil {
			return err
		}
		if err := encoder.WriteValue(part); err != nil {
			return err
		}
	}
	return nil
}

func printableValue(value any) (jsontext.Value, error) {
	encoded, err := json.Marshal(value)
	return jsontext.Value(printableJSON(string(encoded))), err
}

func newTable(to *bufio.Writer) *tabwriter.Writer { return tabwriter.NewWriter(to, 0, 0, 2, ' ', 0) }

// each turns the items of a list into lines.
func each[T, L any](items iter.Seq2[T, error], turn func(T) L) iter.Seq2[L, error] {
	return func(yield func(L, error) bool) {
		for item, err := range items {
			if !yield(turn(item), err) {
				return
			}
		}
	}
}
