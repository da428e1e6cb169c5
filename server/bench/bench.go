//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// bench is one run of the benchmark.
type bench struct {
	options
	binary  string             // our server
	site    string             // the exported pages
	tools   string             // directory of the other programs built with this one
	nginx   string             // empty if it is not installed
	scratch string             // directory that goes away with the run
	script  string             // file of wrk.lua
	answers string             // file of our answers, which the limit hands out
	asked   map[string]request // what they answer, by row
	found   results
	running []*program
	// installed is the directory of the peers.
	installed string
}

// newBench expects to run in the root of the repository, after `make build`.
func newBench(o options) (*bench, error) {
	if _, err := exec.LookPath("wrk"); err != nil {
		return nil, errors.New("wrk is not installed: on Debian, apt-get install wrk")
	}
	root, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	scratch, err := os.MkdirTemp("", "bench")
	if err != nil {
		return nil, err
	}
	b := &bench{
		options: o,
		binary:  filepath.Join(root, "lychgate"),
		site:    filepath.Join(root, "frontend", "out"),
		tools:   filepath.Dir(self),
		nginx:   findNginx(),
		scratch: scratch,
		answers: filepath.Join(scratch, "answers"),
		script:  filepath.Join(scratch, "wrk.lua"),
		found:   newResults(),
	}
	if b.nginx == "" {
		fmt.Println("nginx is not installed, so it is left out (on Debian: apt-get install nginx)")
	}
	if err := os.WriteFile(b.script, script, 0o600); err != nil {
		b.close()
		return nil, err
	}
	return b, nil
}

func (b *bench) tool(name string) string { return filepath.Join(b.tools, name) }

// stopAll stops what the step before has started.
func (b *bench) stopAll() {
	for _, p := range b.running {
		p.stop()
	}
	b.running = nil
}

func (b *bench) close() {
	b.stopAll()
	os.RemoveAll(b.scratch) //nolint:errcheck,gosec // it is a temporary directory
}

// say tells a person what is being done.
func say(format string, args ...any) { fmt.Printf(format+"\n", args...) }
