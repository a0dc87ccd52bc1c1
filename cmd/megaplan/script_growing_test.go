package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// growers are the files that a script's `grow` appends to.
type growers struct {
	stop context.CancelFunc
	done sync.WaitGroup
}

type growersValue struct{}

// growFiles appends a line to each file every millisecond until the script ends, or until `! grow`: grow FILE...
func growFiles(ts *testscript.TestScript, neg bool, args []string) {
	g := ts.Value(growersValue{}).(*growers)
	if neg {
		g.end()
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	g.stop = cancel
	ts.Defer(g.end)
	for _, name := range args {
		f, err := os.OpenFile(ts.MkAbs(name), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		ts.Check(err)
		g.done.Go(func() {
			defer f.Close()
			for n := 0; ctx.Err() == nil; n++ {
				if _, err := fmt.Fprintf(f, "%s: line %d\n", name, n); err != nil {
					return
				}
				time.Sleep(time.Millisecond)
			}
		})
	}
}

func (g *growers) end() {
	if g.stop != nil {
		g.stop()
	}
	g.done.Wait()
}

// checkPrefix requires a file to be the beginning of another one, or with `!` to be less: prefix PART WHOLE.
func checkPrefix(ts *testscript.TestScript, neg bool, args []string) {
	part, whole := []byte(ts.ReadFile(args[0])), []byte(ts.ReadFile(args[1]))
	if len(part) == 0 || !bytes.HasPrefix(whole, part) {
		ts.Fatalf("%s (%d bytes) is not the beginning of %s (%d bytes)", args[0], len(part), args[1], len(whole))
	}
	if neg && len(part) == len(whole) {
		ts.Fatalf("%s is all of %s", args[0], args[1])
	}
}
