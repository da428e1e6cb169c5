package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// onTerminal reports whether a person types what is read from standard input.
func (p *process) onTerminal() bool {
	file, ok := p.stdin.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// confirm asks a person to type a word, so that nothing is done by mistake;
// refused says what has not been done otherwise, and what helps. Without a
// terminal the word is read all the same, with no question.
func (p *process) confirm(question, word, refused string) error {
	if p.onTerminal() {
		if _, err := fmt.Fprintf(p.stderr, "%s Type %s to go on: ", printable(question), printable(word)); err != nil {
			return err
		}
	}
	line, err := bufio.NewReader(p.input()).ReadString('\n')
	if p.ctx.Err() != nil {
		nothing, _, _ := strings.Cut(refused, ". ")
		return errors.New("interrupted; " + nothing)
	}
	if err != nil && !errors.Is(err, io.EOF) || strings.TrimSpace(line) != word {
		return errors.New("not confirmed; " + refused)
	}
	return nil
}

// input is standard input, less waiting for it when the process is interrupted.
func (p *process) input() io.Reader { return interruptible{p.ctx, p.stdin} }

type interruptible struct {
	ctx  context.Context
	from io.Reader
}

// Read reads, or returns an error when the context ends first. What a read that
// still goes on then gets is lost.
func (r interruptible) Read(into []byte) (int, error) {
	type result struct {
		n   int
		err error
	}
	own := make([]byte, len(into))
	done := make(chan result, 1)
	go func() {
		n, err := r.from.Read(own)
		done <- result{n, err}
	}()
	select {
	case got := <-done:
		return copy(into, own[:got.n]), got.err
	case <-r.ctx.Done():
		return 0, errors.New("interrupted; nothing was changed")
	}
}

// counted is a number of things in words.
func counted(number int, thing string) string {
	if number != 1 {
		thing += "s"
	}
	return fmt.Sprintf("%d %s", number, thing)
}
