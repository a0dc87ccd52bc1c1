// Command megaplan is Terraform for backups to MEGA: files in HCL declare which folders an account has, which local sources
// go where and what is kept; plan shows what would change, apply changes it, drift guards it.
package main

import (
	"io"
	"os"
)

func main() {
	tuneCollector()
	code := run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	ended()
	os.Exit(code)
}

// ended is what a build that measures itself does at the end.
var ended = func() {}

// run is main without the process: it parses, runs one command and returns the exit code.
func run(args []string, in io.Reader, out, err io.Writer) int {
	a := newApp(in, out, err)
	defer a.close()
	root := a.root()
	root.SetOut(oneDash(args, a.screen.Out))
	root.SetArgs(normalize(root, args))
	a.outcome.err = root.Execute()
	a.report(a.outcome.err)
	return a.outcome.code()
}
