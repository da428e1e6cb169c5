//go:build linux

// The benchmark compares the server with bare net/http handing out the same
// answers, with a server as somebody writes it in an afternoon, and with nginx.
// Figures are mostly ratios of the CPU time that a request costs, which other
// load on the machine changes least. `make bench` runs it.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
)

// options are the flags.
type options struct {
	rounds, seconds int
	only            []string // keys of rows; empty for all
	peers, write    bool
	json            string // where to write the figures of this run
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "probe" {
		exit(probe(os.Args[2:]))
	}
	o, err := parse(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	exit(run(ctx, o))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func parse(args []string) (o options, err error) {
	flags := flag.NewFlagSet("bench", flag.ExitOnError)
	flags.IntVar(&o.rounds, "rounds", 5, "rounds per row; at least 5 for figures to keep")
	flags.IntVar(&o.seconds, "seconds", 3, "seconds per server and round")
	only := flags.String("only", "", "measure only these rows: "+strings.Join(keys(), ", "))
	flags.BoolVar(&o.peers, "peers", false, "measure other products instead: Next.js, better-auth, PocketBase")
	flags.BoolVar(&o.write, "write", false, "write the figures to docs/performance.md and docs/performance.json")
	flags.StringVar(&o.json, "json", "", "write the figures of this run to a file")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if *only != "" {
		o.only = strings.Split(*only, ",")
	}
	for _, key := range o.only {
		if _, known := rowOf(key); !known {
			return o, fmt.Errorf("-only %s: no such row; there are %s", key, strings.Join(keys(), ", "))
		}
	}
	if o.rounds < 1 || o.seconds < 1 || flags.NArg() > 0 {
		return o, fmt.Errorf("-rounds and -seconds are at least 1, and there are no arguments but flags")
	}
	return o, nil
}

// wants reports whether any of the rows is to be measured.
func (o options) wants(keys ...string) bool {
	return slices.ContainsFunc(keys, func(key string) bool {
		return len(o.only) == 0 || slices.Contains(o.only, key)
	})
}

func keys() (all []string) {
	for _, r := range rows {
		all = append(all, r.key)
	}
	return all
}

// run measures in order and reports.
func run(ctx context.Context, o options) error {
	b, err := newBench(o)
	if err != nil {
		return err
	}
	defer b.close()
	steps := []func(context.Context) error{b.measureLoad, b.measureSignIns, b.measureStorm, b.measureMemory, b.measureStart, b.measureLarge}
	if o.peers {
		steps = []func(context.Context) error{b.measurePeers}
	}
	for _, measure := range steps {
		if err := measure(ctx); err != nil {
			fmt.Printf("\n%s\n", b.found.tables()) // what was measured so far took minutes
			return err
		}
	}
	return b.report()
}

// report prints the figures, compares them with the committed ones, and writes
// them where the flags say.
func (b *bench) report() error {
	fmt.Printf("\n%s\n", b.found.tables())
	committed, err := readResults(committedFile)
	if err != nil {
		return err
	}
	for _, line := range compare(committed, b.found) {
		fmt.Println(line)
	}
	if b.json != "" {
		if err := b.found.save(b.json); err != nil {
			return err
		}
	}
	if !b.write {
		return nil
	}
	return publish(committed.with(b.found))
}
