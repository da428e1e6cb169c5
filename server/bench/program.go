//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// program is a running server. All its processes are in one group.
type program struct {
	name, url string
	started   time.Duration // until its first answer
	cmd       *exec.Cmd
	log       string // file of its output
	ended     chan struct{}
}

// patience is how long a server may take to start or to stop.
const patience = time.Minute

// launch starts a command that listens at the address, writes its output to a
// file, and waits for its first answer to a path.
func launch(ctx context.Context, name, address, path, log string, cmd *exec.Cmd) (*program, error) {
	output, err := os.OpenFile(log, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer output.Close() //nolint:errcheck // the program has its own handle
	p := &program{name: name, url: "http://" + address, cmd: cmd, log: log, ended: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = output, output
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	begun := time.Now()
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		defer close(p.ended)
		p.cmd.Wait() //nolint:errcheck // it was told to end, or firstAnswer says so
	}()
	if err := p.firstAnswer(ctx, path); err != nil {
		p.stop()
		return nil, err
	}
	p.started = time.Since(begun)
	return p, nil
}

// firstAnswer waits until the server answers.
func (p *program) firstAnswer(ctx context.Context, path string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url+path, nil)
		if err != nil {
			return err
		}
		if answer, err := client.Do(r); err == nil {
			return answer.Body.Close()
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s does not answer: %w\n%s", p.name, ctx.Err(), tail(p.log))
		case <-p.ended:
			return fmt.Errorf("%s has exited: %s\n%s", p.name, p.cmd.ProcessState, tail(p.log))
		case <-time.After(200 * time.Microsecond):
		}
	}
}

// stop ends all processes of the program, and returns when the first is gone.
func (p *program) stop() {
	group := -p.cmd.Process.Pid
	syscall.Kill(group, syscall.SIGTERM) //nolint:errcheck // it may have exited
	select {
	case <-p.ended:
	case <-time.After(patience):
	}
	syscall.Kill(group, syscall.SIGKILL) //nolint:errcheck // children that outlive it
	<-p.ended
}

// freeAddress returns an address on loopback that nobody listens at.
func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it returns at once
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}

// tail returns the end of a file, for a message.
func tail(file string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-2000):])
}

// ticksPerSecond is the unit of CPU time in /proc: USER_HZ, which is 100 on
// every architecture that Go runs on.
const ticksPerSecond = 100

// usage is what the processes of a program have used.
type usage struct {
	cpu      time.Duration // user and system
	resident int64         // bytes
}

// usage adds up the processes of the program's group, and the CPU time of those
// that have exited.
func (p *program) usage() (usage, error) {
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return usage{}, err
	}
	var sum usage
	for _, file := range files {
		text, err := os.ReadFile(file)
		if errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
			continue // it has exited meanwhile
		}
		if err != nil {
			return usage{}, err
		}
		group, used, err := parseStat(text)
		if err != nil {
			return usage{}, fmt.Errorf("%s: %w", file, err)
		}
		if group == p.cmd.Process.Pid {
			sum.cpu += used.cpu
			sum.resident += used.resident
		}
	}
	if sum.resident == 0 {
		return usage{}, fmt.Errorf("%s has exited\n%s", p.name, tail(p.log))
	}
	return sum, nil
}

// parseStat returns the process group and the usage that /proc/PID/stat states
// (proc_pid_stat(5)). The name of the program can contain anything, so fields
// are counted from its closing bracket.
func parseStat(text []byte) (group int, used usage, err error) {
	const state, pgrp, utime, cstime, rss = 3, 5, 14, 17, 24
	end := bytes.LastIndexByte(text, ')')
	fields := strings.Fields(string(text[end+1:]))
	if end < 0 || len(fields) <= rss-state {
		return 0, usage{}, errors.New("not a line of /proc/PID/stat")
	}
	number := func(field int) (n int64) {
		var fault error
		n, fault = strconv.ParseInt(fields[field-state], 10, 64)
		err = errors.Join(err, fault)
		return n
	}
	var ticks int64
	for field := utime; field <= cstime; field++ {
		ticks += number(field)
	}
	used = usage{time.Duration(ticks) * time.Second / ticksPerSecond, number(rss) * int64(os.Getpagesize())}
	return int(number(pgrp)), used, err
}
