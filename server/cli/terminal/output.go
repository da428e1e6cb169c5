package terminal

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode/utf16"

	"github.com/go-json-experiment/json/jsontext"
)

// Output is the flag of commands whose output programs can read too.
type Output struct {
	JSON bool `name:"json" help:"Print JSON."`
}

// Line is an item of a list: a row of a table, or a JSON object.
type Line interface{ Columns() []string }

// List is a list of lines, printed while it is read.
type List struct {
	Name    string // of the member of a JSON object that holds it
	Heading []string
	Lines   iter.Seq2[Line, error]
}

// Say prints what a command did: a value as JSON, or else lines of text.
func (o Output) Say(to io.Writer, value any, lines ...string) error {
	text := ""
	for _, line := range lines {
		text += printable(line) + "\n"
	}
	if o.JSON {
		encoded, err := json.MarshalIndent(value, "", "  ")
		if err != nil {
			return err
		}
		text = printableJSON(string(encoded)) + "\n"
	}
	_, err := io.WriteString(to, text)
	return err
}

// List prints a list, however long, as a table or a JSON array.
func (o Output) List(to io.Writer, list List) error {
	buffered := bufio.NewWriter(to)
	if o.JSON {
		if err := list.encode(newEncoder(buffered)); err != nil {
			return err
		}
	} else if err := list.tabulate(buffered); err != nil {
		return err
	}
	return buffered.Flush()
}

// Show prints one thing with its lists: as text below each other, the thing
// itself by pairs of name and value, or as one JSON object.
func (o Output) Show(to io.Writer, value any, pairs [][2]string, lists ...List) error {
	buffered := bufio.NewWriter(to)
	show := showText
	if o.JSON {
		show = func(to io.Writer, _ [][2]string, lists []List) error { return showJSON(newEncoder(to), value, lists) }
	}
	if err := show(buffered, pairs, lists); err != nil {
		return err
	}
	return buffered.Flush()
}

func showText(to io.Writer, pairs [][2]string, lists []List) error {
	table := newTable(to)
	for _, pair := range pairs {
		row(table, pair[:])
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, list := range lists {
		if _, err := io.WriteString(to, "\n"); err != nil {
			return err
		}
		if err := list.tabulate(to); err != nil {
			return err
		}
	}
	return nil
}

func showJSON(encoder *jsontext.Encoder, value any, lists []List) error {
	if err := encoder.WriteToken(jsontext.BeginObject); err != nil {
		return err
	}
	if err := writeMembers(encoder, value); err != nil {
		return err
	}
	for _, list := range lists {
		if err := encoder.WriteToken(jsontext.String(list.Name)); err != nil {
			return err
		}
		if err := list.encode(encoder); err != nil {
			return err
		}
	}
	return encoder.WriteToken(jsontext.EndObject)
}

// writeMembers writes the members of a value into an object that was begun.
func writeMembers(encoder *jsontext.Encoder, value any) error {
	encoded, err := encode(value)
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

// pageRows is after how many rows the columns of a table get new widths: it is
// all that is kept of a long one.
const pageRows = 500

func (l List) tabulate(to io.Writer) error {
	table := newTable(to)
	row(table, l.Heading)
	rows := 0
	for line, err := range l.Lines {
		if err != nil {
			return err
		}
		row(table, line.Columns())
		if rows++; rows%pageRows == 0 {
			if err := table.Flush(); err != nil {
				return err
			}
		}
	}
	return table.Flush()
}

func (l List) encode(encoder *jsontext.Encoder) error {
	if err := encoder.WriteToken(jsontext.BeginArray); err != nil {
		return err
	}
	for line, err := range l.Lines {
		if err != nil {
			return err
		}
		value, err := encode(line)
		if err != nil {
			return err
		}
		if err := encoder.WriteValue(value); err != nil {
			return err
		}
	}
	return encoder.WriteToken(jsontext.EndArray)
}

// Lines turns what is read into lines.
func Lines[T any, L Line](items iter.Seq2[T, error], turn func(T) L) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		for item, err := range items {
			if !yield(turn(item), err) {
				return
			}
		}
	}
}

// LinesOf is Lines of what has been read already.
func LinesOf[T any, L Line](items []T, turn func(T) L) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		for _, item := range items {
			if !yield(turn(item), nil) {
				return
			}
		}
	}
}

func newTable(to io.Writer) *tabwriter.Writer { return tabwriter.NewWriter(to, 0, 0, 2, ' ', 0) }

// row prints a row. What strangers chose, such as a user agent, cannot act on
// the terminal: control characters are shown as \x1b is.
func row(table *tabwriter.Writer, columns []string) {
	plain := make([]string, len(columns))
	for i, column := range columns {
		plain[i] = printable(column)
	}
	fmt.Fprintln(table, strings.Join(plain, "\t")) // Flush tells of failures
}

func newEncoder(to io.Writer) *jsontext.Encoder {
	return jsontext.NewEncoder(to, jsontext.WithIndent("  "), jsontext.PreserveRawStrings(true))
}

func encode(value any) (jsontext.Value, error) {
	encoded, err := json.Marshal(value)
	return jsontext.Value(printableJSON(string(encoded))), err
}

func printable(text string) string {
	var plain strings.Builder
	for _, r := range text {
		if strconv.IsPrint(r) {
			plain.WriteRune(r)
		} else {
			quoted := strconv.QuoteRuneToASCII(r)
			plain.WriteString(quoted[1 : len(quoted)-1])
		}
	}
	return plain.String()
}

// printableJSON is printable for JSON: the characters that it escapes can occur
// in strings only.
func printableJSON(encoded string) string {
	var plain strings.Builder
	for _, r := range encoded {
		if strconv.IsPrint(r) || r == '\n' {
			plain.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&plain, `\u%04x`, unit)
		}
	}
	return plain.String()
}

// Stamp is how times are shown.
func Stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// Counted is a number of things in words.
func Counted(number int, thing string) string {
	if number != 1 {
		thing += "s"
	}
	return fmt.Sprintf("%d %s", number, thing)
}
