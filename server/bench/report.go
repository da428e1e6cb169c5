//go:build linux

package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/template"
)

const (
	committedFile = "docs/performance.json"
	documentFile  = "docs/performance.md"
	chartFile     = "docs/images/performance.svg"
)

// titles are the servers as columns, in their order.
var titles = []struct{ name, title string }{
	{ours, "Lychgate"},
	{afternoon, "an afternoon's Echo server"},
	{nginx, "nginx"},
	{nextjs, "Next.js"},
	{betterAuth, "better-auth"},
	{pocketBase, "PocketBase"},
}

// Which servers stand in which table.
var (
	rivals = []string{ours, afternoon, nginx}
	peers  = []string{ours, nextjs, betterAuth, pocketBase}
)

//go:embed performance.md.tmpl
var documentText string

var document = template.Must(template.New("performance.md").Parse(documentText))

// publish writes the document, its chart and the figures.
func publish(r results) error {
	var text bytes.Buffer
	if err := document.Execute(&text, r); err != nil {
		return err
	}
	picture, err := chart(r)
	if err != nil {
		return err
	}
	if err := os.WriteFile(documentFile, text.Bytes(), 0o644); err != nil { //nolint:gosec // a document is for everybody
		return err
	}
	if err := os.WriteFile(chartFile, picture, 0o644); err != nil { //nolint:gosec // as above
		return err
	}
	return r.save(committedFile)
}

// tables are what is printed at the end of a run.
func (r results) tables() string {
	return strings.Join([]string{r.Ratios(), r.Peers(), r.Scales()}, "\n")
}

// Ratios is the table of what ours is compared with.
func (r results) Ratios() string { return r.table(true, rivals) }

// Peers is the table of other products; empty if there are none in the results.
func (r results) Peers() string { return r.table(false, peers) }

// table has a line for each row with figures of at least one of the servers, or
// at least one besides ours if the aim is not shown.
func (r results) table(aims bool, among []string) string {
	servers := r.servers(among...)
	header := []string{"work"}
	for _, s := range titles {
		if slices.Contains(servers, s.name) {
			header = append(header, s.title)
		}
	}
	if aims {
		header = append(header, "aim")
	}
	var lines [][]string
	for _, row := range rows {
		cells, measured := []string{row.what}, 0
		for _, name := range servers {
			if f, found := r.Rows[row.key][name]; found {
				cells = append(cells, row.format(f))
				measured++
			} else {
				cells = append(cells, "–")
			}
		}
		if aims {
			cells = append(cells, row.aim())
		} else {
			measured--
		}
		if measured > 0 {
			lines = append(lines, cells)
		}
	}
	return markdown(header, lines)
}

// Scales is the table of what only this machine gives.
func (r results) Scales() string {
	header := []string{"work", "server", "CPU per request", "requests per second", "p50", "p99"}
	var lines [][]string
	for _, row := range rows {
		for _, s := range append([]struct{ name, title string }{{limit, "bare net/http"}}, titles...) {
			f, found := r.Rows[row.key][s.name]
			if !found || f.Load == nil {
				continue
			}
			lines = append(lines, []string{row.what, s.title,
				fmt.Sprintf("%.1f µs", f.Load.CPU), fmt.Sprintf("%.0f", f.Load.PerSecond),
				fmt.Sprintf("%.2f ms", f.Load.P50/1000), fmt.Sprintf("%.2f ms", f.Load.P99/1000)})
		}
	}
	return markdown(header, lines)
}

// Connections is how many connections a server is loaded with.
func (results) Connections() int { return connections }

// markdown returns a table, or nothing if it has no lines.
func markdown(header []string, lines [][]string) string {
	if len(lines) == 0 {
		return ""
	}
	var text strings.Builder
	write := func(cells []string) { fmt.Fprintf(&text, "| %s |\n", strings.Join(cells, " | ")) }
	write(header)
	text.WriteString("|" + strings.Repeat("---|", len(header)) + "\n")
	for _, line := range lines {
		write(line)
	}
	return text.String()
}

// format returns a figure with its spread.
func (r row) format(f figure) string {
	text := number(f.Median)
	if low, high := number(f.Low), number(f.High); low != high {
		text = fmt.Sprintf("%s (%s–%s)", text, low, high)
	}
	return strings.TrimSpace(text + " " + r.unit)
}

func (r row) aim() string {
	sign := "≤"
	if r.more {
		sign = "≥"
	}
	return strings.TrimSpace(sign + " " + strconv.FormatFloat(r.reach, 'g', -1, 64) + " " + r.unit)
}

// number formats with about three significant digits.
func number(x float64) string {
	switch {
	case x >= 100:
		return fmt.Sprintf("%.0f", x)
	case x >= 10:
		return fmt.Sprintf("%.1f", x)
	}
	return fmt.Sprintf("%.2f", x)
}

// String describes the machine.
func (m machine) String() string { return fmt.Sprintf("%d cores of %s", m.Cores, m.CPU) }
