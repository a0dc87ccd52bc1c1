package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/term"
)

// canAsk says whether a person is there to answer: a terminal on both ends and no -input=false.
func (a *app) canAsk() bool {
	f, ok := a.in.(*os.File)
	if !ok || !a.input || a.json {
		return false
	}
	return term.IsTerminal(int(f.Fd())) && term.IsTerminal(int(os.Stderr.Fd()))
}

// ask puts a question to the person and returns the line they type; a secret one is not echoed. The context ends the
// waiting, not the reading: the process is about to exit then.
func (a *app) ask(ctx context.Context, question string, secret bool) (string, error) {
	fmt.Fprintf(a.screen.Err, "%s ", question)
	type answer struct {
		line string
		err  error
	}
	answers := make(chan answer, 1)
	go func() {
		if secret {
			line, err := term.ReadPassword(int(a.in.(*os.File).Fd()))
			fmt.Fprintln(a.screen.Err)
			answers <- answer{string(line), err}
			return
		}
		line, err := bufio.NewReader(a.in).ReadString('\n')
		answers <- answer{strings.TrimRight(line, "\r\n"), err}
	}()
	select {
	case got := <-answers:
		return got.line, got.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// confirm asks for a "yes" before something is changed.
func (a *app) confirm(question string) error {
	line, err := a.ask(a.signals.ctx, question+"\n  Only 'yes' is taken as a yes:", false)
	if err != nil {
		return err
	}
	if strings.TrimSpace(line) != "yes" {
		return errors.New("not confirmed: nothing was changed")
	}
	return nil
}
