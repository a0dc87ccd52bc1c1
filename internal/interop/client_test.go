package interop

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// client is a program that is not ours, signed in to one account.
type client interface {
	// run does the operations in order; each one's failure is in its result.
	run(t *testing.T, ops ...op) []result
	// stored is the name a local file gets in the account.
	stored(local string) string
	// local is the name a node of the account gets on disk.
	local(stored string) string
}

// op is one operation. Paths count from the cloud drive, one element a name.
type op struct {
	Do    string   `json:"do"` // list mkdir put get putall getall rename move remove
	Path  []string `json:"path"`
	To    []string `json:"to,omitempty"`    // rename and move: the whole new path
	Local string   `json:"local,omitempty"` // put and get: a file; putall and getall: a directory, without what is below its folders
}

type result struct {
	Error   string  `json:"error,omitempty"`
	Entries []entry `json:"entries,omitempty"`
}

type entry struct {
	Name string `json:"name"`
	Size int64  `json:"size"`
	Dir  bool   `json:"dir"`
	// Fingerprint is the attribute c, from clients that show it.
	Fingerprint string `json:"fingerprint,omitempty"`
}

// do is run for operations that must succeed; it returns the last result.
func do(t *testing.T, c client, ops ...op) result {
	t.Helper()
	var last result
	for i, r := range c.run(t, ops...) {
		if r.Error != "" {
			t.Fatalf("%s %q: %s", ops[i].Do, path.Join(ops[i].Path...), r.Error)
		}
		last = r
	}
	return last
}

// plainNames is for clients that keep names as they are.
type plainNames struct{}

func (plainNames) stored(local string) string { return local }
func (plainNames) local(stored string) string { return stored }

// job is what a driver in another process gets on its standard input.
type job struct {
	URL      string `json:"url"`
	Email    string `json:"email"`
	Password string `json:"password"`
	Ops      []op   `json:"ops"`
}

// drive runs a driver that takes a job and prints its results.
func drive(t *testing.T, cmd *exec.Cmd, s server, ops []op) []result {
	t.Helper()
	in, err := json.Marshal(job{URL: s.url, Email: s.email, Password: s.password, Ops: ops})
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdin = bytes.NewReader(in)
	out := output(t, cmd)
	var results []result
	if err := json.Unmarshal(out, &results); err != nil {
		t.Fatalf("%s printed %q: %v", filepath.Base(cmd.Path), out, err)
	}
	if len(results) != len(ops) {
		t.Fatalf("%s gave %d results for %d operations", filepath.Base(cmd.Path), len(results), len(ops))
	}
	return results
}

// output runs a command that must succeed.
func output(t *testing.T, cmd *exec.Cmd) []byte {
	t.Helper()
	out, err := try(cmd)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// try runs a command; its error tells what the command printed.
func try(cmd *exec.Cmd) ([]byte, error) {
	var out, diag bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &diag
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%s: %w\n%s%s", strings.Join(cmd.Args, " "), err, &out, &diag)
	}
	return out.Bytes(), nil
}

// each does every operation with f, for clients that take one command each.
func each(ops []op, f func(op) (result, error)) []result {
	results := make([]result, len(ops))
	for i, o := range ops {
		r, err := f(o)
		if err != nil {
			r.Error = err.Error()
		}
		results[i] = r
	}
	return results
}

// localFiles lists the files directly in a directory, as full paths.
func localFiles(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if !e.IsDir() {
			names = append(names, filepath.Join(dir, e.Name()))
		}
	}
	return names, nil
}
