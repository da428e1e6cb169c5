// Package terminal is how a command talks to whoever runs it, a person at a
// terminal or a program: it asks for confirmation and for passwords, and prints
// tables or JSON. It imports nothing of ours.
package terminal

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

// Terminal is the input and output of a command.
type Terminal struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
}

// Interactive reports whether a person types what is read from standard input.
func (t *Terminal) Interactive() bool {
	file, ok := t.Stdin.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// Confirm asks a person to type a word, so that nothing is done by mistake;
// refused says what has not been done otherwise, and what helps. Without a
// terminal the word is read all the same, and no question asked.
func (t *Terminal) Confirm(ctx context.Context, question, word, refused string) error {
	if t.Interactive() {
		if _, err := fmt.Fprintf(t.Stderr, "%s Type %s to go on: ", printable(question), printable(word)); err != nil {
			return err
		}
	}
	line, err := bufio.NewReader(t.Input(ctx)).ReadString('\n')
	if ctx.Err() != nil {
		nothing, _, _ := strings.Cut(refused, ". ")
		return errors.New("interrupted; " + nothing)
	}
	if err != nil && !errors.Is(err, io.EOF) || strings.TrimSpace(line) != word {
		return errors.New("not confirmed; " + refused)
	}
	return nil
}

// Password asks for a password at a terminal, twice and without showing it.
// Otherwise it reads standard input, of which it drops the line break at the
// end and what exceeds a number of bytes.
func (t *Terminal) Password(ctx context.Context, most int64) (string, error) {
	file, ok := t.Stdin.(*os.File)
	if !ok || !t.Interactive() {
		text, err := io.ReadAll(io.LimitReader(t.Input(ctx), most))
		if err != nil {
			return "", fmt.Errorf("read the password from standard input: %w", err)
		}
		return strings.TrimSuffix(strings.TrimSuffix(string(text), "\n"), "\r"), nil
	}
	first, err := t.hidden(ctx, file, "Password: ")
	if err != nil {
		return "", err
	}
	second, err := t.hidden(ctx, file, "Once more: ")
	if err != nil {
		return "", err
	}
	if first != second {
		return "", errors.New("the two passwords differ; nothing was changed")
	}
	return first, nil
}

// hidden reads a line without showing it.
func (t *Terminal) hidden(ctx context.Context, file *os.File, prompt string) (string, error) {
	if _, err := fmt.Fprint(t.Stderr, prompt); err != nil {
		return "", err
	}
	descriptor := int(file.Fd())
	before, err := term.GetState(descriptor)
	if err != nil {
		return "", fmt.Errorf("read the password: %w", err)
	}
	type line struct {
		text []byte
		err  error
	}
	read := make(chan line, 1)
	go func() {
		text, err := term.ReadPassword(descriptor)
		read <- line{text, err}
	}()
	select {
	case got := <-read:
		fmt.Fprintln(t.Stderr)
		if got.err != nil {
			return "", fmt.Errorf("read the password: %w", got.err)
		}
		return string(got.text), nil
	case <-ctx.Done(): // Ctrl-C: what is typed must be visible again
		fmt.Fprintln(t.Stderr)
		return "", errors.Join(errors.New("interrupted; nothing was changed"), term.Restore(descriptor, before))
	}
}

// Input is standard input that no longer waits once the context is done.
func (t *Terminal) Input(ctx context.Context) io.Reader { return interruptible{ctx, t.Stdin} }

type interruptible struct {
	ctx  context.Context
	from io.Reader
}

// Read reads, or returns an error if the context is done first. What the
// pending read then gets is lost.
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
