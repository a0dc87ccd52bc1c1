// Command megaplan is Terraform for backups to MEGA: files in HCL declare which folders an account has, which local sources
// go where and what is kept; plan shows what would change, apply changes it, drift guards it.
package main

import (
	"io"
	"os"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is main without the process: it parses, runs one command and returns the exit code.
func run(args []string, in io.Reader, out, err io.Writer) int {
	a := newApp(in, out, err)
	defer a.close()
	root := a.root()
	root.SetArgs(normalize(root, args))
	a.outcome.err = root.Execute()
	a.report(a.outcome.err)
	return a.outcome.code()
}
